using System.Numerics;
using Dpfah.Core.Indexing.Filters;
using Dpfah.Core.Indexing.Kernels;
using Dpfah.Core.Indexing.MultiIndex;
using Dpfah.Core.Indexing.Ranking;
using Dpfah.Core.Indexing.Segments;

namespace Dpfah.Core.Indexing;

/// <summary>Takes queries through the segments of a snapshot, each by the path that is likely the fastest there.</summary>
internal sealed unsafe class Searcher<T>(IndexSnapshot<T> snapshot, IndexTuning tuning, PathCounts paths)
{
    /// <summary>Queries that go over the bit planes together: with more, what is prepared for them leaves the nearest cache.</summary>
    private const int SlicedQueries = 128;

    // A cancelled search looks at no more than so many codes.
    private const int CodesBetweenChecks = 1 << 16;

    public void Run(ReadOnlySpan<QueryRun<T>> runs, CancellationToken cancellationToken)
    {
        List<QueryRun<T>[]> groups = ByFilter(runs);
        for (int index = 0; index < snapshot.Views.Length; index++)
        {
            SegmentView<T> view = snapshot.Views[index];
            if (view.Positions == 0)
            {
                continue;
            }

            foreach (QueryRun<T>[] group in groups)
            {
                using SlotMask? passing = group[0].Filter is { } filter && view.Segment.Columns(cancellationToken) is { } columns
                    ? SlotMask.Of(filter, columns, view.Dead)
                    : null;
                Run(index, group, passing, cancellationToken);
            }
        }
    }

    /// <summary>The queries with what passes their filter: it is worked out once for all that have the same one.</summary>
    private static List<QueryRun<T>[]> ByFilter(ReadOnlySpan<QueryRun<T>> runs)
    {
        if (runs.Length == 1)
        {
            return [runs.ToArray()];
        }

        return [.. runs.ToArray().GroupBy(run => run.Filter, ReferenceEqualityComparer.Instance).Select(group => group.ToArray())];
    }

    private void Run(int index, QueryRun<T>[] runs, SlotMask? passing, CancellationToken cancellationToken)
    {
        SegmentView<T> view = snapshot.Views[index];
        bool sliced = view.Segment.Planes is not null && runs.Length >= tuning.LeastSliced;
        double scanCost = view.Positions * (sliced ? tuning.Costs.SlicedCode : tuning.Costs.ScannedCode);
        bool walks = passing is not null && passing.Count * tuning.Costs.Walked <= scanCost;
        var scanned = new List<QueryRun<T>>();
        foreach (QueryRun<T> run in runs)
        {
            run.Begin(index, passing);
            if (walks)
            {
                Walk(view, run, passing!, cancellationToken);
            }
            else if (view.Segment.Tables is { } tables
                && new PartSearch(tables, tuning.Costs, tuning.Kernel, run).Run(scanCost, cancellationToken))
            {
                paths.CountTables();
            }
            else
            {
                scanned.Add(run);
            }
        }

        if (sliced && scanned.Count >= tuning.LeastSliced)
        {
            for (int from = 0; from < scanned.Count; from += SlicedQueries)
            {
                ScanTogether(view, scanned.GetRange(from, Math.Min(SlicedQueries, scanned.Count - from)), passing, cancellationToken);
            }
        }
        else
        {
            scanned.ForEach(run => Scan(view, run, cancellationToken));
        }
    }

    /// <summary>Compares the query with the codes of the slots that pass, and looks at no other.</summary>
    private void Walk(SegmentView<T> view, QueryRun<T> run, SlotMask passing, CancellationToken cancellationToken)
    {
        ReadOnlySpan<ulong> slots = passing.Words, query = run.Code;
        ulong* codes = view.Segment.Codes.Pointer;
        int[]? starts = view.Segment.Starts;
        int position = -1, looked = 0;
        for (int word = 0; word < slots.Length; word++)
        {
            for (ulong bits = slots[word]; bits != 0; bits &= bits - 1)
            {
                int slot = (64 * word) + BitOperations.TrailingZeroCount(bits);
                if (starts is null)
                {
                    position = slot;
                }
                else if (position >= 0 && slot < starts[position + 1])
                {
                    // The code was compared for an item before.
                    continue;
                }
                else
                {
                    int found = Array.BinarySearch(starts, position + 1, starts.Length - position - 1, slot);
                    position = found >= 0 ? found : ~found - 1;
                }

                if (looked++ % CodesBetweenChecks == 0)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                }

                int distance = Distance(codes + ((long)position * query.Length), query);
                if (distance <= run.Bound)
                {
                    run.Offer(position, distance);
                }
            }
        }

        GC.KeepAlive(view.Segment.Codes);
        paths.CountWalk();
    }

    private void Scan(SegmentView<T> view, QueryRun<T> run, CancellationToken cancellationToken)
    {
        int words = run.Code.Length, count = view.Positions;
        ulong* codes = view.Segment.Codes.Pointer;
        ReadOnlySpan<ulong> query = run.Code;
        for (int from = 0; from < count; from += CodesBetweenChecks)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int to = (int)Math.Min(count, (long)from + CodesBetweenChecks);
            for (int group = tuning.Kernel.FindNear(codes, words, from, to, query, run.Bound, out uint near); group < to;
                group = tuning.Kernel.FindNear(codes, words, group + ScanKernel.GroupCodes, to, query, run.Bound, out near))
            {
                for (; near != 0; near &= near - 1)
                {
                    int position = group + BitOperations.TrailingZeroCount(near);
                    int distance = Distance(codes + ((long)position * words), query);
                    if (distance <= run.Bound)
                    {
                        run.Offer(position, distance);
                    }
                }
            }
        }

        GC.KeepAlive(view.Segment.Codes);
        paths.CountScan();
    }

    private void ScanTogether(SegmentView<T> view, List<QueryRun<T>> runs, SlotMask? passing, CancellationToken cancellationToken)
    {
        BitPlanes planes = view.Segment.Planes!;
        using var batch = new SlicedBatch(snapshot.Bits, runs.Count, tuning.Kernel.VectorWords);
        runs.ForEach(run => batch.Add(run.Code, run.Bound));
        ulong* counted = stackalloc ulong[BitPlanes.BlockWords];
        bool masks = view.Segment.Starts is null && (view.Dead.Count != 0 || passing is not null);
        ulong* codes = view.Segment.Codes.Pointer;
        int words = runs[0].Code.Length;
        for (int block = 0; block < planes.Blocks; block++)
        {
            if (block % (CodesBetweenChecks / BitPlanes.BlockCodes) == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }

            int first = block * BitPlanes.BlockCodes;
            bool isWhole = view.Positions - first >= BitPlanes.BlockCodes;
            if (masks || !isWhole)
            {
                Mask(counted, view, first, masks, passing);
            }

            batch.BeginBlock();
            tuning.Kernel.Match(planes.Block(block), masks || !isWhole ? counted : null, batch);
            for (int piece = 0; piece < batch.FoundCount; piece++)
            {
                (int number, int word) = batch.Found[piece];
                QueryRun<T> run = runs[number];
                for (int i = 0; i < tuning.Kernel.VectorWords; i++)
                {
                    for (ulong matches = batch.Matches[(piece * BitPlanes.BlockWords) + i]; matches != 0; matches &= matches - 1)
                    {
                        int position = first + (64 * (word + i)) + BitOperations.TrailingZeroCount(matches);
                        int distance = Distance(codes + ((long)position * words), run.Code);
                        if (distance <= run.Bound)
                        {
                            run.Offer(position, distance);
                        }
                    }
                }

                if (run.Bound != batch.Bound(number))
                {
                    batch.SetBound(number, run.Bound);
                }
            }
        }

        GC.KeepAlive(view.Segment);
        paths.CountSliced(runs.Count);
    }

    /// <summary>Which codes of a block are there and belong to a live item that passes.</summary>
    private static void Mask(ulong* counted, SegmentView<T> view, int first, bool masks, SlotMask? passing)
    {
        for (int word = 0; word < BitPlanes.BlockWords; word++)
        {
            int left = Math.Clamp(view.Positions - first - (64 * word), 0, 64);
            ulong there = left == 64 ? ulong.MaxValue : (1UL << left) - 1;
            counted[word] = !masks || there == 0 ? there
                : passing is null ? there & ~view.Dead.Word((first >> 6) + word)
                : there & passing.Words[(first >> 6) + word];
        }
    }

    private static int Distance(ulong* code, ReadOnlySpan<ulong> query)
    {
        int distance = BitOperations.PopCount(code[0] ^ query[0]);
        for (int word = 1; word < query.Length; word++)
        {
            distance += BitOperations.PopCount(code[word] ^ query[word]);
        }

        return distance;
    }
}
