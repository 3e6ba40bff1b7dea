using Dpfah.Core.Codes;
using Dpfah.Core.Evaluation;
using Dpfah.Core.Imaging;
using Dpfah.Core.Indexing;
using Dpfah.Engine.Catalogue;
using Dpfah.Engine.Data;
using Dpfah.Engine.Search;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Generations;

/// <summary>Compares a complete generation with the one that answers, by their indexes in memory.</summary>
internal sealed class GenerationComparer(
    Database database, PictureEncoder pictures, SeenPictures seen, RecentQueries recent, TimeProvider clock)
{
    /// <summary>Most held-out queries.</summary>
    public const int MostQueries = 2_000;

    /// <summary>Most pictures of the database that these search.</summary>
    public const int MostDatabase = 20_000;

    /// <summary>Fewest held-out pictures by which a model is judged.</summary>
    public const int FewestHeldOut = 100;

    /// <summary>How much lower the mAP may be and still count as not worse: what re-hashing with another arithmetic may cost.</summary>
    public const double Tolerance = 0.005;

    private const int Seed = 1;
    private const int K = 10;
    private const int MostClasses = 4_096;
    private const int DigestsAtOnce = 10_000;
    private const int ItemsBetweenLooks = 1 << 14;

    private static readonly RetrievalOptions Measured = new() { Cuts = [], PrecisionAt = [K] };

    /// <summary>Compares.</summary>
    /// <param name="active">The generation that answers.</param>
    /// <param name="candidate">The generation that may take over; of the same collection.</param>
    /// <param name="cancellationToken">Gives up; looked at before each query, and every 16,384 items.</param>
    public async Task<GenerationComparison> RunAsync(CollectionIndex active, CollectionIndex candidate, CancellationToken cancellationToken)
    {
        var both = new Both(active.Snapshot, candidate.Snapshot);
        (List<long> all, List<long> labelled) = both.Numbers(cancellationToken);
        QueryComparison queries = await CompareQueriesAsync(active, candidate, both, all, cancellationToken);
        List<Pair> sample = both.Find(Sample(all, MostDatabase));
        var balance = new BeforeAfter(Balance([.. sample.Select(p => p.Active.Code)]), Balance([.. sample.Select(p => p.Candidate.Code)]));

        (HashSet<string> seenByActive, IReadOnlyList<string> unknownOfActive) = await seen.OfAsync(active.Generation.ModelId, cancellationToken);
        (HashSet<string> seenByCandidate, IReadOnlyList<string> unknownOfCandidate) = await seen.OfAsync(candidate.Generation.ModelId, cancellationToken);
        string[] unknown = [.. unknownOfActive.Union(unknownOfCandidate)];
        HashSet<long> trainedOn = await TrainedItemsAsync(active.CollectionId, [.. seenByActive, .. seenByCandidate], cancellationToken);
        List<long> heldOut = labelled.FindAll(number => !trainedOn.Contains(number));
        HeldOutComparison? measured = heldOut.Count < FewestHeldOut
            ? null
            : await Task.Run(() => Measure(both, labelled, heldOut, cancellationToken), cancellationToken);
        return new GenerationComparison(
            active.Generation.Id,
            clock.GetUtcNow().UtcDateTime,
            Judge(labelled.Count, heldOut.Count, measured, active.Generation.ModelId == candidate.Generation.ModelId, unknown),
            measured,
            queries,
            balance,
            Seed)
        {
            UnknownTraining = unknown,
        };
    }

    /// <summary>
    /// The gate: not worse than what answers, on pictures that neither model has seen. What cannot be known of that is told and closes
    /// nothing: else no model from elsewhere could pass without force, which says less than these numbers do.
    /// </summary>
    private static GateVerdict Judge(int labelled, int heldOut, HeldOutComparison? measured, bool sameModel, string[] unknown)
    {
        if (labelled == 0)
        {
            return new GateVerdict(
                false, false, GateReason.NoLabels, "No picture has a label, so that nothing says which of the two finds better: look at overlap, balance and cut size.");
        }

        string reserve = SeenPictures.ReserveOf(unknown) is { } sentence ? $" {sentence}" : "";
        if (measured is null)
        {
            return new GateVerdict(
                false,
                false,
                GateReason.TooFewHeldOut,
                $"Of {labelled} labelled pictures {heldOut} were not trained on; {FewestHeldOut} are needed.{reserve}");
        }

        RetrievalComparison[] measurements = [.. new[] { measured.WithTrainingPictures, measured.WithoutTrainingPictures }.OfType<RetrievalComparison>()];
        bool passes = measurements.All(one => one.Map.Candidate >= one.Map.Active - Tolerance);

        // The same model again is wanted for its arithmetic, not for its mAP.
        bool isBetter = sameModel ? passes : measurements.All(one => one.Map.Candidate > one.Map.Active);
        string numbers = string.Join(
            ", and ",
            measurements.Select((one, i) => FormattableString.Invariant(
                $"{one.Map.Candidate:0.0000} against {one.Map.Active:0.0000} {(i == 0 ? "with" : "without")} training pictures in the database")));
        return new GateVerdict(
            passes, isBetter, passes ? GateReason.NotWorse : GateReason.Worse, $"mAP of {measured.Queries} held-out queries: {numbers}.{reserve}");
    }

    private static HeldOutComparison Measure(Both both, List<long> labelled, List<long> heldOut, CancellationToken cancellationToken)
    {
        List<long> queries = Sample(heldOut, MostQueries);
        RetrievalComparison with = MeasureAmong(both, queries, labelled, cancellationToken);
        RetrievalComparison? without = heldOut.Count == labelled.Count ? null : MeasureAmong(both, queries, heldOut, cancellationToken);
        return new HeldOutComparison(labelled.Count, labelled.Count - heldOut.Count, queries.Count, with, without);
    }

    /// <summary>Searches with each query among all others of a sample that has all queries in it.</summary>
    private static RetrievalComparison MeasureAmong(Both both, List<long> queries, List<long> from, CancellationToken cancellationToken)
    {
        HashSet<long> chosen = [.. queries];
        List<long> numbers = [.. chosen.Union(Sample(from, MostDatabase)).Order()];
        List<Pair> items = both.Find(numbers);
        int[] places = [.. Enumerable.Range(0, numbers.Count).Where(i => chosen.Contains(numbers[i]))];

        // The most frequent labels; others cannot weigh much.
        Dictionary<string, int> classes = items.SelectMany(p => p.Labels).CountBy(label => label, StringComparer.Ordinal)
            .OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key, StringComparer.Ordinal).Take(MostClasses)
            .Select((pair, i) => (pair.Key, i)).ToDictionary(x => x.Key, x => x.i, StringComparer.Ordinal);
        var labels = LabelMatrix.From(
            classes.Count, [.. items.Select(p => (IReadOnlyList<int>)[.. p.Labels.Where(classes.ContainsKey).Select(label => classes[label])])]);
        RankingMetrics active = Rank(pair => pair.Active), candidate = Rank(pair => pair.Candidate);
        return new RetrievalComparison(
            items.Count - 1,
            new BeforeAfter(active.Map, candidate.Map),
            new BeforeAfter(active.PrecisionAt[0].Precision, candidate.PrecisionAt[0].Precision));

        RankingMetrics Rank(Func<Pair, IndexEntry<IndexedItem>> of) => RetrievalEvaluation.RunLeaveOneOut(
            new LabelledCodes(CodeMatrix.From([.. items.Select(p => of(p).Code)]), labels, CodeMatrix.From([.. items.Select(p => of(p).Signature)])),
            places,
            Measured,
            cancellationToken).FineRanking!;
    }

    private async Task<QueryComparison> CompareQueriesAsync(
        CollectionIndex active, CollectionIndex candidate, Both both, List<long> all, CancellationToken cancellationToken)
    {
        IndexQuery<IndexedItem>[] first, second;
        IReadOnlyList<ReadOnlyMemory<byte>> previews = recent.Of(active.CollectionId);
        if (previews.Count > 0)
        {
            first = await Task.WhenAll(previews.Select(preview => QueryAsync(preview, active)));
            second = await Task.WhenAll(previews.Select(preview => QueryAsync(preview, candidate)));
        }
        else
        {
            List<Pair> items = both.Find(Sample(all, RecentQueries.Most));
            first = [.. items.Select(pair => Query(pair.Active.Code, pair.Active.Signature, pair.Active.Id))];
            second = [.. items.Select(pair => Query(pair.Candidate.Code, pair.Candidate.Signature, pair.Active.Id))];
        }

        (double overlap, double cutA, double cutB) = (0, 0, 0);
        for (int i = 0; i < first.Length; i++)
        {
            // Another thread than the caller's each time: searches of others come between.
            (IndexAnswer<IndexedItem> inA, IndexAnswer<IndexedItem> inB) = await Task.Run(
                () => (both.Active.Search(first[i], cancellationToken), both.Candidate.Search(second[i], cancellationToken)), cancellationToken);
            HashSet<long> found = [.. inA.Neighbors.Select(n => n.Id)];
            overlap += inB.Neighbors.Count == 0 ? 1 : (double)inB.Neighbors.Count(n => found.Contains(n.Id)) / Math.Max(found.Count, inB.Neighbors.Count);
            cutA += inA.BelowCut + inA.TiedAtCut;
            cutB += inB.BelowCut + inB.TiedAtCut;
        }

        int count = Math.Max(1, first.Length);
        return new QueryComparison(
            previews.Count > 0 ? "recent-queries" : "pictures", first.Length, overlap / count, new BeforeAfter(cutA / count, cutB / count));

        async Task<IndexQuery<IndexedItem>> QueryAsync(ReadOnlyMemory<byte> preview, CollectionIndex index)
        {
            ImageCode code = await pictures.HashAsync(preview, index.Generation.ModelId, EncodePriority.Background, cancellationToken);
            return Query(code.Code, code.Signature, null);
        }
    }

    private static IndexQuery<IndexedItem> Query(BinaryCode code, BinaryCode signature, long? exclude) =>
        new() { Code = code, Signature = signature, K = K, Exclude = exclude };

    /// <summary>Numbers of the collection's items whose bytes have one of these digests.</summary>
    private async Task<HashSet<long>> TrainedItemsAsync(int collectionId, HashSet<string> digests, CancellationToken cancellationToken)
    {
        var numbers = new HashSet<long>();
        for (long after = 0; digests.Count > 0;)
        {
            long from = after;
            var page = await database.ReadAsync(
                (context, token) => context.Items.Where(i => i.CollectionId == collectionId && i.Number > from)
                    .OrderBy(i => i.Number).Take(DigestsAtOnce).Select(i => new { i.Number, i.ContentDigest }).ToListAsync(token),
                cancellationToken);
            if (page.Count == 0)
            {
                break;
            }

            numbers.UnionWith(page.Where(i => digests.Contains(Convert.ToHexStringLower(i.ContentDigest))).Select(i => i.Number));
            after = page[^1].Number;
        }

        return numbers;
    }

    private static double Balance(IReadOnlyList<BinaryCode> codes)
    {
        if (codes.Count == 0)
        {
            return 0;
        }

        int bits = codes[0].Bits;
        double sum = 0;
        for (int bit = 0; bit < bits; bit++)
        {
            double share = (double)codes.Count(code => code[bit]) / codes.Count;
            sum += 2 * Math.Min(share, 1 - share);
        }

        return sum / bits;
    }

    /// <summary>A sample in the order of the list; the whole list when it is not longer.</summary>
    private static List<long> Sample(List<long> numbers, int most)
    {
        if (numbers.Count <= most)
        {
            return numbers;
        }

        int[] places = [.. Enumerable.Range(0, numbers.Count)];
        new Random(Seed).Shuffle(places);
        return [.. places.Take(most).Order().Select(place => numbers[place])];
    }

    /// <summary>Both indexes as they were at one moment each.</summary>
    private sealed record Both(IndexSnapshot<IndexedItem> Active, IndexSnapshot<IndexedItem> Candidate)
    {
        /// <summary>Numbers of the items that both have, ascending, and of those of them that have a label.</summary>
        public (List<long> All, List<long> Labelled) Numbers(CancellationToken cancellationToken)
        {
            (List<long> all, List<long> labelled) = ([], []);
            int seen = 0;
            foreach (IndexEntry<IndexedItem> entry in Active.Entries)
            {
                if (seen++ % ItemsBetweenLooks == 0)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                }

                if (Candidate.TryGet(entry.Id, out _))
                {
                    all.Add(entry.Id);
                    if (entry.Item.Labels.Count > 0)
                    {
                        labelled.Add(entry.Id);
                    }
                }
            }

            all.Sort();
            labelled.Sort();
            return (all, labelled);
        }

        public List<Pair> Find(List<long> numbers) => numbers.ConvertAll(number =>
            Active.TryGet(number, out IndexEntry<IndexedItem> active) && Candidate.TryGet(number, out IndexEntry<IndexedItem> candidate)
                ? new Pair(active, candidate)
                : throw new ArgumentException($"Item {number} is not in both.", nameof(numbers)));
    }

    /// <summary>One item in both.</summary>
    private readonly record struct Pair(IndexEntry<IndexedItem> Active, IndexEntry<IndexedItem> Candidate)
    {
        public IReadOnlyList<string> Labels => Active.Item.Labels;
    }
}
