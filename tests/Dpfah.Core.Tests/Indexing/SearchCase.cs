using CsCheck;
using Dpfah.Core.Codes;
using Dpfah.Core.Indexing;
using Dpfah.Core.Indexing.Filters;

namespace Dpfah.Core.Tests.Indexing;

/// <summary>An index's content and a query to it, drawn so that ties are frequent.</summary>
internal sealed record SearchCase(int Bits, int SignatureBits, IndexEntry<Item>[] Entries, IndexQuery<Item> Query)
{
    private const int MaxEntries = 80;

    /// <summary>Codes of 16 to 128 bits out of 1 to 6 distinct values or all different; k from 1 to more than n.</summary>
    public static readonly Gen<SearchCase> Any =
        from bits in Gen.OneOf(16, 32, 48, 64, 96, 128)
        from signatureBits in Gen.OneOf(8, 64, 256)
        from codes in Pool(bits)
        from signatures in Pool(signatureBits)
        from entries in AnyEntry(codes, signatures).Array[0, MaxEntries]
        from query in AnyQuery(bits, signatureBits, codes, signatures, entries.Length)
        select new SearchCase(bits, signatureBits, [.. entries.DistinctBy(e => e.Id)], query);

    public HammingIndex<Item> Index()
    {
        var index = new HammingIndex<Item>(Bits, SignatureBits);
        index.Apply([.. Entries.Select(e => IndexChange<Item>.Put(e.Id, e.Code, e.Signature, e.Item))]);
        return index;
    }

    public static Gen<BinaryCode> Code(int bits) => Gen.Byte.Array[bits / 8].Select(bytes => BinaryCode.FromBytes(bytes));

    private static Gen<BinaryCode[]> Pool(int bits) => Gen.Frequency((3, Code(bits).Array[1, 6]), (1, Code(bits).Array[MaxEntries]));

    private static Gen<IndexEntry<Item>> AnyEntry(BinaryCode[] codes, BinaryCode[] signatures) =>
        from id in Gen.Frequency((4, Gen.Long[-200, 200]), (1, Gen.Long))
        from code in Gen.OneOf(codes)
        from signature in Gen.OneOf(signatures)
        from label in Gen.Int[0, 3]
        select new IndexEntry<Item>(id, code, signature, new Item($"item {id}", label));

    private static Gen<IndexQuery<Item>> AnyQuery(int bits, int signatureBits, BinaryCode[] codes, BinaryCode[] signatures, int count) =>
        from code in Gen.OneOf(Gen.OneOf(codes), Code(bits))
        from signature in Gen.OneOf(Gen.OneOf(signatures), Code(signatureBits))
        from hasSignature in Gen.Bool
        from k in Gen.Frequency((4, Gen.Int[1, count + 5]), (1, Gen.Const(int.MaxValue)))
        from radius in Gen.Nullable(Gen.Int[0, bits])
        from label in Gen.Nullable(Gen.Int[0, 4])
        from start in Gen.Nullable(Gen.Select(Gen.Int[0, bits], Gen.Int[0, signatureBits], Gen.Long[-200, 200]))
        from excluded in Gen.Nullable(Gen.Long[-200, 200])
        from hasWeights in Gen.Bool
        from weights in Gen.UShort[0, 3].Array[bits]
        select new IndexQuery<Item>
        {
            Code = code,
            Signature = hasSignature ? signature : null,
            Weights = hasWeights ? weights : null,
            K = k,
            Radius = radius,
            Filter = label is null ? null : ItemFilter.In("label", FieldValue.Of(label.Value)),
            Exclude = excluded,
            After = start is null ? null : new RankKey(start.Value.Item1, hasSignature ? start.Value.Item2 : null, start.Value.Item3, hasWeights ? start.Value.Item2 : null),
        };
}
