namespace Dpfah.Learning.Datasets;

/// <summary>
/// A pool of labelled pictures cut into query, training and database part. No query is in another part; training pictures are in
/// the database only where the protocol says so.
/// </summary>
/// <remarks>
/// The usual protocol (method, section 8): per class, in order of the labels, the members in pool order are shuffled; the first become
/// queries, the next training pictures, the rest database. Within a part pictures stand in pool order, so that "database order",
/// which decides among ties, does not sort by class unless the pool does.
/// </remarks>
public sealed class Split
{
    /// <summary>The seed of every split in this project; changing it makes all figures incomparable.</summary>
    public const ulong DefaultSeed = 20220501;

    private Split(
        IEnumerable<int> query, IEnumerable<int> train, IEnumerable<int> database, IEnumerable<int> validation, string protocol, ulong? seed)
    {
        Query = [.. query.Order()];
        Train = [.. train.Order()];
        Database = [.. database.Order()];
        Validation = [.. validation.Order()];
        Protocol = protocol;
        Seed = seed;
    }

    /// <summary>Indices of the query pictures, ascending.</summary>
    public IReadOnlyList<int> Query { get; }

    /// <summary>Indices of the training pictures, ascending.</summary>
    public IReadOnlyList<int> Train { get; }

    /// <summary>Indices of the database pictures, ascending.</summary>
    public IReadOnlyList<int> Database { get; }

    /// <summary>
    /// Indices of pictures to measure on during a training, ascending; none where a training holds out some of its own pictures
    /// instead, as all splits by a rule have it.
    /// </summary>
    public IReadOnlyList<int> Validation { get; }

    /// <summary>How the split came about, in words.</summary>
    public string Protocol { get; }

    /// <summary>The seed it was drawn with; null when it was published as lists.</summary>
    public ulong? Seed { get; }

    /// <summary>Cuts a pool of one class a picture.</summary>
    /// <param name="labels">Class of each picture, by index.</param>
    /// <param name="queriesPerClass">Queries of each class.</param>
    /// <param name="trainPerClass">Training pictures of each class.</param>
    /// <param name="seed">Seed of the one <see cref="SeededRandom"/> that shuffles class after class.</param>
    /// <exception cref="ArgumentException">A class has too few pictures to leave one for the database.</exception>
    public static Split Make(
        IReadOnlyList<byte> labels, int queriesPerClass = 100, int trainPerClass = 500, ulong seed = DefaultSeed)
    {
        var rule = new SplitRule { QueriesPerClass = queriesPerClass, TrainPerClass = trainPerClass, Seed = seed };
        rule.ThrowIfInvalid();
        IEnumerable<IGrouping<byte, int>> classes = Enumerable.Range(0, labels.Count).GroupBy(i => labels[i]).OrderBy(g => g.Key);
        return PerClass(
            classes.Select(members => ($"Class {members.Key}", members.ToArray())),
            rule,
            message => new ArgumentException(message, nameof(labels)));
    }

    /// <summary>Cuts a data set by a rule: per class, or for several classes a picture by the walk of published code.</summary>
    /// <param name="dataset">The data set.</param>
    /// <param name="rule">The counts and the seed.</param>
    /// <exception cref="InvalidDataException">A class has fewer pictures than needed; the message names it.</exception>
    /// <remarks>
    /// Several classes a picture (method, section 8, NUS-WIDE): the pool is walked in random order. A picture's classes are tried in
    /// ascending order: the first one that still wants training pictures makes it one, else the first that still wants queries;
    /// at each class training comes first. So there are exactly the given counts times the number of classes, and a class
    /// may occur more often through the pictures that others chose.
    /// </remarks>
    public static Split Make(Dataset dataset, SplitRule rule)
    {
        rule.ThrowIfInvalid();
        if (dataset.MultiLabel)
        {
            (List<int> query, List<int> train) = QuotaWalk.Draw(dataset, rule);
            return Rest(dataset.Count, query, train, rule, multiLabel: true);
        }

        var members = new List<int>[dataset.ClassNames.Count];
        for (int c = 0; c < members.Length; c++)
        {
            members[c] = [];
        }

        for (int i = 0; i < dataset.Count; i++)
        {
            members[dataset.LabelsOf(i)[0]].Add(i);
        }

        return PerClass(
            members.Select((m, c) => ($"Class '{dataset.ClassNames[c]}' of '{dataset.Name}'", m.ToArray())),
            rule,
            message => new InvalidDataException(message));
    }

    /// <summary>A split that was made elsewhere, such as published lists.</summary>
    /// <param name="count">Pictures in the pool; every index is below it.</param>
    /// <param name="query">Indices of the queries.</param>
    /// <param name="train">Indices of the training pictures.</param>
    /// <param name="database">Indices of the database; may contain training pictures.</param>
    /// <param name="protocol">How it came about, in words.</param>
    /// <param name="seed">The seed it was drawn with, if any.</param>
    /// <param name="validation">Indices of pictures to measure on during a training; null for none.</param>
    /// <exception cref="ArgumentException">
    /// An index is out of range or twice in a part, or a query is in another part, or a picture is trained on and measured on.
    /// </exception>
    public static Split Predefined(
        int count,
        IReadOnlyList<int> query,
        IReadOnlyList<int> train,
        IReadOnlyList<int> database,
        string protocol,
        ulong? seed = null,
        IReadOnlyList<int>? validation = null)
    {
        validation ??= [];
        bool[] inQuery = Marks(count, query, nameof(query));
        bool[] inTrain = Marks(count, train, nameof(train));
        Marks(count, database, nameof(database));
        Marks(count, validation, nameof(validation));
        foreach (int index in validation)
        {
            if (inTrain[index])
            {
                throw new ArgumentException($"Picture {index} is trained on and in the validation part.", nameof(validation));
            }
        }

        foreach (int index in train.Concat(database).Concat(validation))
        {
            if (inQuery[index])
            {
                throw new ArgumentException($"Picture {index} is a query and in another part.", nameof(query));
            }
        }

        return new Split(query, train, database, validation, protocol, seed);
    }

    private static Split PerClass(
        IEnumerable<(string Name, int[] Members)> classes, SplitRule rule, Func<string, Exception> error)
    {
        var random = new SeededRandom(rule.Seed);
        var query = new List<int>();
        var train = new List<int>();
        int count = 0;
        int drawn = rule.QueriesPerClass + rule.TrainPerClass;
        foreach ((string name, int[] members) in classes)
        {
            count += members.Length;
            int needed = rule.DatabaseIncludesTrain && rule.TrainPerClass > 0 ? drawn : drawn + 1;
            if (members.Length < needed)
            {
                throw error(
                    $"{name} has {members.Length} pictures; {rule.QueriesPerClass} queries and {rule.TrainPerClass} training " +
                    $"pictures {(members.Length < drawn ? $"need {needed}." : "leave none for the database.")}");
            }

            random.Shuffle(members.AsSpan());
            query.AddRange(members[..rule.QueriesPerClass]);
            train.AddRange(members[rule.QueriesPerClass..drawn]);
        }

        return Rest(count, query, train, rule, multiLabel: false);
    }

    private static Split Rest(int count, List<int> query, List<int> train, SplitRule rule, bool multiLabel)
    {
        var taken = new HashSet<int>(query);
        if (!rule.DatabaseIncludesTrain)
        {
            taken.UnionWith(train);
        }

        IEnumerable<int> database = Enumerable.Range(0, count).Where(i => !taken.Contains(i));
        return new Split(query, train, database, [], rule.Describe(multiLabel), rule.Seed);
    }

    private static bool[] Marks(int count, IReadOnlyList<int> part, string name)
    {
        var marks = new bool[count];
        foreach (int index in part)
        {
            if (index < 0 || index >= count || marks[index])
            {
                throw new ArgumentException($"Picture {index} is not one of {count}, or stands twice in the part.", name);
            }

            marks[index] = true;
        }

        return marks;
    }
}
