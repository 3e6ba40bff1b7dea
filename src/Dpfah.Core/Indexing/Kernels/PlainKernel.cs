namespace Dpfah.Core.Indexing.Kernels;

/// <summary>No vectors: the caller looks at each code. What the other kernels are tested against.</summary>
internal sealed unsafe class PlainKernel : ScanKernel
{
    public override string Name => "plain loop";

    public override int VectorWords => 1;

    public override int FindNear(ulong* codes, int wordsPerCode, int from, int to, ReadOnlySpan<ulong> query, int bound, out uint near)
    {
        near = AllOf(from, to);
        return from;
    }

    public override void Match(ulong* planes, ulong* mask, SlicedBatch batch)
    {
        for (int query = 0; query < batch.Count; query++)
        {
            for (int word = 0; word < BitPlanes.BlockWords; word++)
            {
                ulong matches = 0;
                for (int bit = 0; bit < 64; bit++)
                {
                    int distance = 0;
                    for (int plane = 0; plane < batch.Bits; plane++)
                    {
                        distance += (int)(planes[(plane * BitPlanes.BlockWords) + word] >> bit & 1) ^ batch.Bit(query, plane);
                    }

                    matches |= (distance <= batch.Bound(query) ? 1UL : 0) << bit;
                }

                matches &= mask is null ? ulong.MaxValue : mask[word];
                if (matches != 0)
                {
                    batch.Add(query, word, &matches, 1);
                }
            }
        }
    }
}
