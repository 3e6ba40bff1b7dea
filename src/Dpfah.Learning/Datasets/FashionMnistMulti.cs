namespace Dpfah.Learning.Datasets;

/// <summary>
/// A multi-label data set made of Fashion-MNIST: two or three garments of different classes on one black square of 56 x 56 pixels,
/// each in a quadrant of its own. A picture's labels are the classes of its garments.
/// </summary>
/// <remarks>
/// The pool of Fashion-MNIST is split first by <see cref="Split.Make(IReadOnlyList{byte}, int, int, ulong)"/>; each part is composed of its own
/// garments only. So no garment of a query is in a training or database picture. Within a part a garment may occur several times,
/// so that pictures held out of the training part share garments with those that stay in it.
/// </remarks>
public static class FashionMnistMulti
{
    /// <summary>Name of the data set.</summary>
    public const string Name = "fashion-mnist-multi";

    /// <summary>Height and width of a picture in pixels.</summary>
    public const int Side = 2 * FashionMnist.Side;

    /// <summary>Sizes of the parts.</summary>
    public static SplitCounts Sizes { get; } = new(1_000, 5_000, 20_000);

    /// <summary>Composes the pictures; the same on every run. They are painted when they are wanted.</summary>
    /// <param name="folder">Folder of Fashion-MNIST's four files.</param>
    /// <param name="seed">Seed of the split of the garments and of the compositions.</param>
    /// <returns>
    /// Query, training and database pictures in this order, and their split; the database is without the training pictures. A name tells
    /// part, number, and each garment's index in the pool with its quadrant (0 upper left, 1 upper right, 2 lower left, 3 lower right):
    /// <c>query/00000:17@1,4211@3</c>. So a manifest's lists say all about the pictures.
    /// </returns>
    /// <exception cref="FileNotFoundException">A file is missing; the message says which, and where to get it.</exception>
    /// <exception cref="InvalidDataException">A file is damaged; the message says which and where.</exception>
    public static LoadedDataset Load(string folder, ulong seed = Split.DefaultSeed)
    {
        FashionMnist pool = FashionMnist.Load(folder);
        return Compose(pool, Split.Make(pool.Labels, seed: seed), Sizes, seed);
    }

    /// <summary>Composes other numbers of pictures.</summary>
    internal static LoadedDataset Compose(FashionMnist pool, Split garments, SplitCounts sizes, ulong seed)
    {
        var random = new SeededRandom(seed);
        var compositions = new List<Composition>();
        int[] query = Part("query", garments.Query, sizes.Query);
        int[] train = Part("train", garments.Train, sizes.Train);
        int[] database = Part("database", garments.Database, sizes.Database);
        var dataset = new Dataset(
            Name,
            FashionMnist.ClassNames,
            multiLabel: true,
            new CompositePictures(pool, compositions),
            [.. compositions.Select(c => c.Garments.Select(g => (int)pool.Labels[g.Index]).Order().ToArray())]);
        string protocol = $"{sizes}, each part composed of its own garments";
        return new LoadedDataset(dataset, Split.Predefined(dataset.Count, query, train, database, protocol, seed), []);

        int[] Part(string name, IReadOnlyList<int> indices, int count)
        {
            int[][] classes = [.. indices.GroupBy(i => pool.Labels[i]).OrderBy(g => g.Key).Select(g => g.ToArray())];
            int first = compositions.Count;
            for (int i = 0; i < count; i++)
            {
                compositions.Add(Draw(classes, random, $"{name}/{i:00000}"));
            }

            return [.. Enumerable.Range(first, count)];
        }
    }

    private static Composition Draw(int[][] classes, SeededRandom random, string name)
    {
        int garments = 2 + random.NextInt(2);
        int[] chosen = [.. Enumerable.Range(0, classes.Length)];
        random.Shuffle(chosen.AsSpan());
        int[] quadrants = [0, 1, 2, 3];
        random.Shuffle(quadrants.AsSpan());
        (int Index, int Quadrant)[] shown =
            [.. chosen.Take(garments).Select((c, g) => (classes[c][random.NextInt(classes[c].Length)], quadrants[g]))];
        return new Composition($"{name}:{string.Join(',', shown.Select(g => $"{g.Index}@{g.Quadrant}"))}", shown);
    }
}
