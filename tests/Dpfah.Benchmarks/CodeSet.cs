using Dpfah.Core.Codes;
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
        float[][] rows = [.. features.data<float>().ToArray().Chunk(ResNet18.FeatureLength)];
        return new CodeSet([.. rows.Select(row => BinaryCode.FromSigns(layer.RealCode(row)))], [.. rows.Select(row => signature.Of(row))]);
    }

    /// <summary>Place, from 1, of database item <paramref name="item"/> in the search for query <paramref name="query"/>: by distance, signature, item number.</summary>
    public int Rank(CodeSet queries, int query, int item)
    {
        (int, int, int) Key(int i) =>
            (Codes[i].HammingDistance(queries.Codes[query]), Signatures[i].HammingDistance(queries.Signatures[query]), i);

        (int, int, int) own = Key(item);
        return 1 + Enumerable.Range(0, Codes.Count).Count(i => Key(i).CompareTo(own) < 0);
    }
}
