namespace Dpfah.Engine.Generations;

/// <summary>How a generation compares with the one that answers.</summary>
/// <param name="Against">Number of the generation that answered then.</param>
/// <param name="ComparedAt">When, UTC.</param>
/// <param name="Gate">Whether it may take over.</param>
/// <param name="HeldOut">Measured on labelled pictures that neither model was trained on, as far as that is known; null when there are too few.</param>
/// <param name="Queries">Searches under both, whether there are labels or not.</param>
/// <param name="Balance">Of all bits the mean of 2·min(p, 1 − p), p the share of pictures with the bit set: 1 when each bit halves the collection.</param>
/// <param name="Seed">Seed of all samples.</param>
public sealed record GenerationComparison(
    int Against, DateTime ComparedAt, GateVerdict Gate, HeldOutComparison? HeldOut, QueryComparison Queries, BeforeAfter Balance, int Seed)
{
    /// <summary>
    /// Names of those of both models, and of the models that they started from, of which it is not known what they were trained on: pictures
    /// that they have seen may count as held out. Empty in comparisons that were made before this was told.
    /// </summary>
    public IReadOnlyList<string> UnknownTraining { get; init; } = [];
}

/// <summary>A figure of the generation that answers and of the one that may take over.</summary>
/// <param name="Active">Of the one that answers.</param>
/// <param name="Candidate">Of the other.</param>
public sealed record BeforeAfter(double Active, double Candidate);

/// <summary>Why the gate is open or closed.</summary>
public enum GateReason
{
    /// <summary>Measured: the candidate is not worse.</summary>
    NotWorse,

    /// <summary>Measured: the candidate is worse.</summary>
    Worse,

    /// <summary>There are too few labelled pictures that neither model was trained on.</summary>
    TooFewHeldOut,

    /// <summary>No picture has a label: somebody has to look and confirm.</summary>
    NoLabels,
}

/// <summary>What the gate says of a candidate.</summary>
/// <param name="Passes">Whether it may take over without force or confirmation.</param>
/// <param name="IsBetter">Whether its mAP is higher in every measurement that was made.</param>
/// <param name="Reason">Why.</param>
/// <param name="Detail">The same with numbers, in a sentence.</param>
public sealed record GateVerdict(bool Passes, bool IsBetter, GateReason Reason, string Detail);

/// <summary>Retrieval of held-out pictures, each among all others: relevant is what shares a label, ranked as a search ranks.</summary>
/// <param name="Labelled">Pictures of the collection with a label.</param>
/// <param name="Trained">Those of them that one of the models, or a model that it started from, was trained on.</param>
/// <param name="Queries">Held-out pictures that were searched with: all of them, or a sample of 2,000.</param>
/// <param name="WithTrainingPictures">In a database that has the training pictures in it, as the collection has.</param>
/// <param name="WithoutTrainingPictures">In a database of held-out pictures alone; null when no picture was trained on.</param>
public sealed record HeldOutComparison(
    long Labelled, long Trained, int Queries, RetrievalComparison WithTrainingPictures, RetrievalComparison? WithoutTrainingPictures);

/// <summary>Both generations on the same queries and the same database.</summary>
/// <param name="Database">Pictures among which each query was searched: all, or a sample of 20,000 and the other queries.</param>
/// <param name="Map">mAP of the whole ranking.</param>
/// <param name="PrecisionAt10">Share of relevant pictures among the first 10.</param>
public sealed record RetrievalComparison(int Database, BeforeAfter Map, BeforeAfter PrecisionAt10);

/// <summary>The same searches under both generations, k = 10.</summary>
/// <param name="Source">What was searched with: <c>recent-queries</c>, or <c>pictures</c> of the collection when nobody has searched by picture lately.</param>
/// <param name="Count">How many searches.</param>
/// <param name="Overlap">Mean share of the first 10 that both have in common.</param>
/// <param name="CutSize">Mean number of pictures at the 10th's distance or nearer: how many the code alone cannot tell from the first 10.</param>
public sealed record QueryComparison(string Source, int Count, double Overlap, BeforeAfter CutSize);
