namespace Dpfah.FunctionalTests.Restarts.Reference;

/// <summary>Draws what a client does next.</summary>
internal sealed class OperationSource(int seed)
{
    private static readonly string[] Labels = ["dog", "cat", "Dog", "wild cat"];

    // As many ids as make every second put replace a picture; the second half are paths of an archive.
    private static readonly string[] Ids =
        [.. Enumerable.Range(0, 20).Select(n => $"a {n}"), .. Enumerable.Range(0, 20).Select(n => $"{Labels[n % 2]}/{n}.png")];

    // Of a thousand steps.
    private static readonly (OperationKind Kind, int Share)[] Shares =
    [
        (OperationKind.Put, 300), (OperationKind.Patch, 120), (OperationKind.Delete, 100), (OperationKind.Get, 80), (OperationKind.List, 40),
        (OperationKind.Search, 130), (OperationKind.SearchCode, 120), (OperationKind.Similar, 98), (OperationKind.Import, 6), (OperationKind.Fill, 2),
        (OperationKind.Activate, 4),
    ];

    private readonly Random random = new(seed);

    public Operation Next(ReferenceCatalogue now)
    {
        OperationKind kind = NextKind();
        string id = now.Items.Count > 0 && random.Next(4) > 0 ? now.Items[random.Next(now.Items.Count)].Id : Ids[random.Next(Ids.Length)];
        int picture = random.Next(KnownPictures.Count);
        string[] labels = [.. Labels.Where(_ => random.Next(3) == 0)];
        int? number = random.Next(3) == 0 ? null : random.Next(10);
        int? radius = random.Next(3) == 0 ? random.Next(6) : null;
        bool flag = random.Next(2) == 0;
        return kind switch
        {
            // Every fifth is what is there already.
            OperationKind.Put when random.Next(5) == 0 && now.Find(id) is { } same => new Operation(kind, id, same.Picture, same.Labels, same.Number),
            OperationKind.Put => new Operation(kind, Ids[random.Next(Ids.Length)], picture, labels, number),
            OperationKind.Patch => new Operation(kind, id, Labels: flag && random.Next(2) == 0 ? null : labels, Number: number, Flag: flag),
            OperationKind.Delete or OperationKind.Get => new Operation(kind, id),
            OperationKind.List => new Operation(kind, K: random.Next(1, 50)),
            OperationKind.Import => new Operation(kind, Picture: random.Next(), K: random.Next(1, 13), Flag: random.Next(3) == 0),
            OperationKind.Fill => new Operation(kind),
            OperationKind.Activate => new Operation(kind, Flag: random.Next(4) == 0),
            _ => new Operation(kind, id, picture, random.Next(3) == 0 ? labels : null, random.Next(3) == 0 ? number : null, random.Next(1, 30), radius, flag),
        };
    }

    /// <summary>The entries of an import: paths, each once, labelled by their folders, and now and then one that is no picture.</summary>
    public static Entry[] EntriesOf(Operation import)
    {
        var random = new Random(import.Picture);
        string[] paths = [.. Ids.Where(id => id.Contains('/', StringComparison.Ordinal))];
        random.Shuffle(paths);
        IEnumerable<Entry> good = paths.Take(import.K).Select(path => new Entry(path, random.Next(KnownPictures.Count), [path.Split('/')[0]], null));
        return random.Next(3) == 0 ? [.. good, new Entry("cat/broken.png", -1, ["cat"], null)] : [.. good];
    }

    private OperationKind NextKind()
    {
        int at = random.Next(Shares.Sum(share => share.Share));
        return Shares.First(share => (at -= share.Share) < 0).Kind;
    }
}
