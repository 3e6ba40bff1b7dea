using Dpfah.Core.Codes;
using Dpfah.Core.Imaging;
using Dpfah.Learning.Hashing;
using Dpfah.Learning.Networks;
using static TorchSharp.torch;

namespace Dpfah.Benchmarks;

/// <summary>Codes and signatures of a list of pictures.</summary>
internal sealed record CodeSet(IReadOnlyList<BinaryCode> Codes, IReadOnlyList<BinaryCode> Signatures)
{
    /// <summary>Hashes features, shape (n, 512).</summary>
    public static CodeSet Of(Tensor features, HashLayer layer, Signature signature)
    {
        float[][] rows = [.. HashFitting.Floats(features).Chunk(ResNet18.FeatureLength)];
        return new CodeSet([.. rows.Select(row => BinaryCode.FromSigns(layer.RealCode(row)))], [.. rows.Select(row => signature.Of(row))]);
    }

    /// <summary>What an encoder gave.</summary>
    public static CodeSet Of(IReadOnlyList<ImageCode> codes) => new([.. codes.Select(c => c.Code)], [.. codes.Select(c => c.Signature)]);

    /// <summary>Several sets, one after the other.</summary>
    public static CodeSet Join(IEnumerable<CodeSet> sets)
    {
        CodeSet[] all = [.. sets];
        return new CodeSet([.. all.SelectMany(set => set.Codes)], [.. all.SelectMany(set => set.Signatures)]);
    }

    /// <summary>
    /// Place, from 1, of database item <paramref name="item"/> in the search for query <paramref name="query"/>: by distance,
    /// signature, item number.
    /// </summary>
    public int Rank(CodeSet queries, int query, int item)
    {
        (int, int, int) own = Key(item);
        return 1 + Enumerable.Range(0, Codes.Count).Count(i => Key(i).CompareTo(own) < 0);

        (int, int, int) Key(int i) =>
            (Codes[i].HammingDistance(queries.Codes[query]), Signatures[i].HammingDistance(queries.Signatures[query]), i);
    }

    /// <summary>Share of the queries that are found at place 1 and among the first ten, as text.</summary>
    public string Found(CodeSet queries, Func<int, int> itemOf)
    {
        int[] ranks = [.. Enumerable.Range(0, queries.Codes.Count).Select(i => Rank(queries, i, itemOf(i)))];
        return $"{ranks.Average(r => r == 1 ? 1.0 : 0):0.0%} / {ranks.Average(r => r <= 10 ? 1.0 : 0):0.0%}";
    }
}
