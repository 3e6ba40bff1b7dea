using Dpfah.Engine.Jobs;
using Dpfah.Engine.Search;

namespace Dpfah.Engine.Generations;

/// <summary>What becomes of a generation when it is complete.</summary>
public enum ActivateWhen
{
    /// <summary>It waits for somebody to activate it.</summary>
    Never,

    /// <summary>It is activated when it is better than the one that answers, on held-out labelled pictures.</summary>
    WhenBetter,
}

/// <summary>How far a generation has come.</summary>
public enum GenerationProgress
{
    /// <summary>Answers searches.</summary>
    Active,

    /// <summary>Is being filled; uploads are hashed into it as well.</summary>
    Filling,

    /// <summary>Complete, kept so by every upload, and ready to be activated.</summary>
    Ready,

    /// <summary>Uploads pass it by; it has to be filled up before it can answer.</summary>
    Retired,
}

/// <summary>A generation of a collection.</summary>
/// <param name="Generation">What it is.</param>
/// <param name="State">How far it has come.</param>
/// <param name="Pictures">Pictures that have a code in it.</param>
/// <param name="Missing">Pictures of the collection that have none.</param>
/// <param name="JobId">The job that fills it or filled it last.</param>
/// <param name="Activate">What becomes of it when it is complete.</param>
/// <param name="Comparison">How it compares with the one that answered when it was complete.</param>
/// <param name="CreatedBy">Name of the key that asked for it; null without keys.</param>
/// <param name="CreatedAt">When it was begun, UTC.</param>
public sealed record GenerationRecord(
    GenerationInfo Generation,
    GenerationProgress State,
    long Pictures,
    long Missing,
    long? JobId,
    ActivateWhen Activate,
    GenerationComparison? Comparison,
    string? CreatedBy,
    DateTime CreatedAt);

/// <summary>A switch from one generation to another.</summary>
/// <param name="From">Number of the generation that had answered.</param>
/// <param name="To">Number of the one that answered from then on.</param>
/// <param name="ToModel">Name of its model.</param>
/// <param name="At">When, UTC.</param>
/// <param name="By">Name of the key that asked for it; null without keys.</param>
/// <param name="Forced">Whether it was forced although the gate was closed.</param>
/// <param name="Confirmed">Whether somebody confirmed what could not be measured.</param>
/// <param name="Gate">What the gate said.</param>
public sealed record SwitchRecord(int From, int To, string ToModel, DateTime At, string? By, bool Forced, bool Confirmed, string? Gate);

/// <summary>The generations of a collection.</summary>
/// <param name="Generations">Those that are there, in the order of their numbers.</param>
/// <param name="History">The switches, the newest first; at most 200.</param>
public sealed record GenerationOverview(IReadOnlyList<GenerationRecord> Generations, IReadOnlyList<SwitchRecord> History);

/// <summary>What became of the wish for a new generation.</summary>
/// <param name="Job">The job that fills it; null when there is a problem.</param>
/// <param name="Problem">What stands against it.</param>
/// <param name="Other">Number of the generation that stands in the way.</param>
/// <param name="Detail">What stands in the way, in a sentence.</param>
public sealed record StartOutcome(JobRecord? Job, StartProblem Problem = StartProblem.None, int Other = 0, string Detail = "");

/// <summary>What stands against a new generation.</summary>
public enum StartProblem
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>There is no such collection.</summary>
    NoCollection,

    /// <summary>The collection is answered by such a generation.</summary>
    SameGeneration,

    /// <summary>Another generation is being filled or waits to be activated.</summary>
    OtherLive,
}

/// <summary>What became of the wish to activate a generation.</summary>
public enum ActivationStatus
{
    /// <summary>It answers now.</summary>
    Activated,

    /// <summary>It answered already.</summary>
    Unchanged,

    /// <summary>There is no such collection.</summary>
    NoCollection,

    /// <summary>The collection has no such generation.</summary>
    NoGeneration,

    /// <summary>Pictures are missing in it.</summary>
    ItemsMissing,

    /// <summary>It was not compared with the generation that answers now.</summary>
    NotCompared,

    /// <summary>The gate is closed.</summary>
    GateClosed,

    /// <summary>Nothing could be measured: somebody has to confirm.</summary>
    ConfirmationNeeded,
}

/// <summary>The outcome of a wish to activate a generation.</summary>
/// <param name="Status">What became of it.</param>
/// <param name="Position">A search that names this position is answered by the generation; default unless it was activated.</param>
/// <param name="Missing">Pictures that are missing in it.</param>
/// <param name="Detail">What stands in the way, in a sentence.</param>
/// <param name="Comparison">How it compares.</param>
public sealed record ActivationOutcome(
    ActivationStatus Status, Position Position = default, long Missing = 0, string Detail = "", GenerationComparison? Comparison = null);

/// <summary>What became of the wish to delete a generation.</summary>
public enum GenerationDeletion
{
    /// <summary>It is deleted; its codes go afterwards.</summary>
    Deleted,

    /// <summary>There is no such collection.</summary>
    NoCollection,

    /// <summary>The collection has no such generation.</summary>
    NoGeneration,

    /// <summary>It answers.</summary>
    Active,

    /// <summary>A job fills it.</summary>
    Filling,
}
