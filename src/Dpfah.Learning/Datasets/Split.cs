namespace Dpfah.Learning.Datasets;

/// <summary>A pool of labelled pictures cut into query, training and database part; no picture is in two of them.</summary>
/// <remarks>
/// The usual protocol (method, section 8): per class, in order of the labels, the members in pool order are shuffled; the first become
/// queries, the next training pictures, the rest database. Within a part pictures stand in pool order, so that "database order",
/// which decides among ties, does not sort by class.
/// </remarks>
public sealed class Split
{
    /// <summary>The seed of every split in this project; changing it makes all figures incomparable.</summary>
    public const ulong DefaultSeed = 20220501;

    private Split(int[] query, int[] train, int[] database)
    {
        Query = query;
        Train = train;
        Database = database;
    }

    /// <summary>Indices of the query pictures, ascending.</summary>
    public IReadOnlyList<int> Query { get; }

    /// <summary>Indices of the training pictures, ascending.</summary>
    public IReadOnlyList<int> Train { get; }

    /// <summary>Indices of the database pictures, ascending.</summary>
    public IReadOnlyList<int> Database { get; }

    /// <summary>Cuts a pool.</summary>
    /// <param name="labels">Class of each picture, by index.</param>
    /// <param name="queriesPerClass">Queries of each class.</param>
    /// <param name="trainPerClass">Training pictures of each class.</param>
    /// <param name="seed">Seed of the one <see cref="SeededRandom"/> that shuffles class after class.</param>
    /// <exception cref="ArgumentException">A class has too few pictures to leave one for the database.</exception>
    public static Split Make(
        IReadOnlyList<byte> labels, int queriesPerClass = 100, int trainPerClass = 500, ulong seed = DefaultSeed)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(queriesPerClass);
        ArgumentOutOfRangeException.ThrowIfNegative(trainPerClass);
        var random = new SeededRandom(seed);
        var query = new List<int>();
        var train = new List<int>();
        var database = new List<int>();
        foreach (IGrouping<byte, int> members in Enumerable.Range(0, labels.Count).GroupBy(i => labels[i]).OrderBy(g => g.Key))
        {
            int[] shuffled = [.. members];
            if (shuffled.Length <= queriesPerClass + trainPerClass)
            {
                throw new ArgumentException(
                    $"Class {members.Key} has {shuffled.Length} pictures; {queriesPerClass} queries and {trainPerClass} training " +
                    "pictures leave none for the database.",
                    nameof(labels));
            }

            random.Shuffle(shuffled.AsSpan());
            query.AddRange(shuffled[..queriesPerClass]);
            train.AddRange(shuffled[queriesPerClass..(queriesPerClass + trainPerClass)]);
            database.AddRange(shuffled[(queriesPerClass + trainPerClass)..]);
        }

        query.Sort();
        train.Sort();
        database.Sort();
        return new Split([.. query], [.. train], [.. database]);
    }
}
