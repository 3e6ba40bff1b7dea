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

    private readonly SegmentView<T>[] views = [.. snapshot.Views];
    private readonly SearchCosts costs = tuning.Costs;

    // A run that is through with its query: the next one on this thread takes its memory.
    [ThreadStatic]
    private static QueryRun<T>? spare;

    /// <summary>Answers queries.</summary>
    /// <param name="queries">All queries of a batch.</param>
    /// <param name="from">The first of them to answer.</param>
    /// <param name="answers">Takes the answers to as many.</param>
    /// <param name="cancellationToken">Looked at every 65,536 codes or items.</param>
    public void Answer(IReadOnlyList<IndexQuery<T>> queries, int from, Span<IndexAnswer<T>> answers, CancellationToken cancellationToken)
    {
        // What passes a filter is worked out once for all queries that have the same one.
        foreach (ItemFilter? filter in Filters(queries, from, answers.Length))
        {
            var passing = new SlotMask?[views.Length];
            try
            {
                for (int index = 0; index < views.Length && filter is not null; index++)
                {
                    passing[index] = views[index].Segment.Columns(cancellationToken) is { } columns ? SlotMask.Of(filter, columns, views[index].Dead) : null;
                }

                Answer(queries, from, answers, filter, passing, cancellationToken);
            }
            finally
            {
                Array.ForEach(passing, mask => mask?.Dispose());
            }
        }
    }

    private static ItemFilter?[] Filters(IReadOnlyList<IndexQuery<T>> queries, int from, int count)
    {
        if (count == 1)
        {
            return [queries[from].Filter];
        }

        var found = new HashSet<ItemFilter?>(ReferenceEqualityComparer.Instance);
        for (int i = 0; i < count; i++)
        {
            found.Add(queries[from + i].Filter);
        }

        return [.. found];
    }

    private void Answer(
        IReadOnlyList<IndexQuery<T>> queries,
        int from,
        Span<IndexAnswer<T>> answers,
        ItemFilter? filter,
        SlotMask?[] passing,
        CancellationToken cancellationToken)
    {
        // Few queries have to scan when there are tables: those that do wait for each other, the others are done with.
        var waiting = new List<(QueryRun<T> Run, int Number)>();
        var scans = new List<QueryRun<T>>?[views.Length];
        for (int i = 0; i < answers.Length; i++)
        {
            if (queries[from + i].Filter != filter)
            {
                continue;
            }

            QueryRun<T> run = spare is { } kept && kept.Bits == snapshot.Bits ? kept : new QueryRun<T>(snapshot.Bits);
            spare = null;
            run.Start(snapshot, queries[from + i]);
            bool mustScan = false;
            for (int index = 0; index < views.Length; index++)
            {
                if (views[index].Positions != 0 && !TryWithoutScan(index, run, passing[index], answers.Length, cancellationToken))
                {
                    (scans[index] ??= []).Add(run);
                    mustScan = true;
                }
            }

            if (mustScan)
            {
                waiting.Add((run, i));
            }
            else
            {
                answers[i] = run.Answer(cancellationToken);
                Keep(run);
            }
        }

        for (int index = 0; index < views.Length; index++)
        {
            if (scans[index] is { } runs)
            {
                Scan(index, runs, passing[index], cancellationToken);
            }
        }

        foreach ((QueryRun<T> run, int number) in waiting)
        {
            answers[number] = run.Answer(cancellationToken);
            Keep(run);
        }
    }

    private static void Keep(QueryRun<T> run)
    {
        run.End();
        spare = run;
    }

    /// <summary>Goes through a segment by the items that pass the filter, or by its tables, where that is likely faster than a scan.</summary>
    private bool TryWithoutScan(int index, QueryRun<T> run, SlotMask? passing, int together, CancellationToken cancellationToken)
    {
        SegmentView<T> view = views[index];
        double scanCost = view.Positions * (together >= tuning.LeastSliced && view.Segment.Planes is not null
            ? costs.Sliced(snapshot.Bits, together)
            : costs.Scanned(snapshot.Bits));
        if (passing is not null && passing.Count * costs.Walked <= scanCost)
        {
            run.Begin(index, passing);
            Walk(view, run, passing, cancellationToken);
            return true;
        }

        if (view.Segment.Tables is not { } tables)
        {
            return false;
        }

        run.Begin(index, passing);
        bool answered = new PartSearch(tables, costs, tuning.Kernel, run).Run(
            scanCost + costs.Noting(view.Positions, run.Needed), cancellationToken);
        if (answered)
        {
            paths.CountTables();
        }

        return answered;
    }

    private void Scan(int index, List<QueryRun<T>> runs, SlotMask? passing, CancellationToken cancellationToken)
    {
        SegmentView<T> view = views[index];
        runs.ForEach(run => run.Begin(index, passing));
        if (view.Segment.Planes is null || runs.Count < tuning.LeastSliced)
        {
            runs.ForEach(run => Scan(view, run, cancellationToken));
            return;
        }

        for (int from = 0; from < runs.Count; from += SlicedQueries)
        {
            ScanTogether(view, runs.GetRange(from, Math.Min(SlicedQueries, runs.Count - from)), passing, cancellationToken);
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
