namespace Dpfah.Learning.Datasets;

/// <summary>How a pool is cut into query, training and database part.</summary>
public sealed record SplitRule
{
    /// <summary>Queries of each class, at least 0.</summary>
    public int QueriesPerClass { get; init; } = 100;

    /// <summary>Training pictures of each class, at least 0.</summary>
    public int TrainPerClass { get; init; } = 500;

    /// <summary>
    /// Whether the database holds the training pictures too. Without, CIFAR-10's is 54,000 pictures, the literal reading of the
    /// paper's "rest" (method, section 8); with, it is the 59,000 that published code uses by default.
    /// </summary>
    public bool DatabaseIncludesTrain { get; init; }

    /// <summary>Seed of the one <see cref="SeededRandom"/> that draws.</summary>
    public ulong Seed { get; init; } = Split.DefaultSeed;

    /// <summary>The rule in words.</summary>
    /// <param name="multiLabel">Whether it is applied to a multi-label data set.</param>
    internal string Describe(bool multiLabel) =>
        $"{QueriesPerClass} queries and {TrainPerClass} training pictures of each class" +
        (multiLabel ? ", drawn by a walk through the shuffled pool" : "") +
        $"; database: {(DatabaseIncludesTrain ? "all but the queries" : "the rest")}";

    /// <exception cref="ArgumentOutOfRangeException">A count is negative; the message says which.</exception>
    internal void ThrowIfInvalid()
    {
        Require(QueriesPerClass, "Queries of each class", nameof(QueriesPerClass));
        Require(TrainPerClass, "Training pictures of each class", nameof(TrainPerClass));
    }

    private static void Require(int count, string what, string name)
    {
        if (count < 0)
        {
            throw new ArgumentOutOfRangeException(name, $"{what} are {count}; their number is not negative.");
        }
    }
}
