namespace Dpfah.Core.Evaluation;

/// <summary>
/// Measures retrieval: every query ranks the whole database by Hamming distance (ties in database order), and an item is relevant
/// when it shares a label with the query (Eq. 1 of the paper).
/// </summary>
/// <remarks>
/// <para>AP@k = (1/H_k) Σ_{i≤k} r_i H_i / i with r_i the relevance at rank i and H_i the relevant items up to it; 0 if H_k = 0.</para>
/// <para>
/// O(N) a query: distances and relevance in one pass with a histogram of both, a counting sort of the relevance by distance, and
/// sums over the hits. Nothing is allocated a query but its <see cref="QueryResult"/>. One thread.
/// </para>
/// </remarks>
public static class RetrievalEvaluation
{
    /// <summary>Evaluates queries against a database.</summary>
    /// <param name="queries">At least one query.</param>
    /// <param name="database">At least one item; codes and signatures as long as the queries', labels over the same classes.</param>
    /// <param name="options">What to measure; the defaults when null.</param>
    /// <param name="cancellationToken">Looked at before each query.</param>
    /// <exception cref="ArgumentException">The sides do not fit each other, one is empty, or an option is out of its range.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static RetrievalResult Run(
        LabelledCodes queries, LabelledCodes database, RetrievalOptions? options = null, CancellationToken cancellationToken = default) =>
        Run(queries, database, null, options ?? new RetrievalOptions(), cancellationToken);

    /// <summary>Evaluates items of one catalogue, each against all others (leave-one-out).</summary>
    /// <param name="items">At least two items.</param>
    /// <param name="queries">Which of them are queries, at least one.</param>
    /// <param name="options">What to measure; the defaults when null.</param>
    /// <param name="cancellationToken">Looked at before each query.</param>
    /// <returns>The database of the result has one item less than there are.</returns>
    /// <exception cref="ArgumentException">There are too few items, no query, no such item, or an option is out of its range.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static RetrievalResult RunLeaveOneOut(
        LabelledCodes items, IReadOnlyList<int> queries, RetrievalOptions? options = null, CancellationToken cancellationToken = default)
    {
        Require(items.Count > 1, "An item alone has no others to be compared with.", nameof(items));
        Require(queries.Count > 0, "There is no query.", nameof(queries));
        return Run(items.Select(queries), items, [.. queries], options ?? new RetrievalOptions(), cancellationToken);
    }

    /// <param name="queries">The queries.</param>
    /// <param name="database">The database.</param>
    /// <param name="places">The place of each query in the database, where it is left out for it; null when the two have nothing in common.</param>
    /// <param name="options">What to measure.</param>
    /// <param name="cancellationToken">Looked at before each query.</param>
    private static RetrievalResult Run(
        LabelledCodes queries, LabelledCodes database, int[]? places, RetrievalOptions options, CancellationToken cancellationToken)
    {
        options.Validate();
        Validate(queries, database);

        int count = database.Count - (places is null ? 0 : 1);
        int[] cuts = [.. options.Cuts.Select(k => Math.Min(k, count)).Distinct().Order()];
        var keys = new RankingKeys(queries, database);
        var fineOrder = database.Signatures is null ? null : new FineOrder(queries.Signatures!, database.Signatures, keys);
        var ranking = new RankingSums(count, cuts);
        var fineRanking = fineOrder is null ? null : new RankingSums(count, cuts);
        var tieAware = new TieAwareSums(cuts);
        var radius = new RadiusSums(queries.Codes.Bits, options.BallRadius);
        var perQuery = new QueryResult[queries.Count];
        Span<byte> all = new byte[database.Count], ranked = all[..count];
        for (int i = 0; i < perQuery.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            keys.Measure(i, places?[i] ?? -1);
            int inBall = radius.Add(keys);
            double tieAwarePrecision = tieAware.Add(keys);
            keys.Rank(all);
            double precision = ranking.Add(ranked, keys.TotalRelevant);
            double? finePrecision = null;
            if (fineRanking is not null)
            {
                fineOrder!.Rank(i, all);
                finePrecision = fineRanking.Add(ranked, keys.TotalRelevant);
            }

            perQuery[i] = new QueryResult(keys.TotalRelevant, precision, tieAwarePrecision, finePrecision, inBall);
        }

        return new RetrievalResult
        {
            Bits = queries.Codes.Bits,
            Queries = queries.Count,
            Database = count,
            QueriesWithRelevant = perQuery.Count(q => q.Relevant > 0),
            Ranking = ranking.Metrics(options),
            FineRanking = fineRanking?.Metrics(options),
            TieAware = tieAware.Metrics(options, count),
            Ball = radius.Ball(),
            ByRadius = radius.Curve(),
            PerQuery = perQuery,
        };
    }

    private static void Validate(LabelledCodes queries, LabelledCodes database)
    {
        Require(queries.Count > 0, "There is no query.", nameof(queries));
        Require(database.Count > 0, "There is no database item.", nameof(database));
        Require(
            queries.Codes.Bits == database.Codes.Bits,
            $"The queries' codes have {queries.Codes.Bits} bits, the database's {database.Codes.Bits}.",
            nameof(database));
        Require(
            queries.Labels.Classes == database.Labels.Classes,
            $"The queries' labels are over {queries.Labels.Classes} classes, the database's over {database.Labels.Classes}.",
            nameof(database));
        Require(
            queries.Signatures is null == database.Signatures is null, "Either both sides have signatures, or none.", nameof(database));
        Require(
            queries.Signatures?.Bits == database.Signatures?.Bits,
            $"The queries' signatures have {queries.Signatures?.Bits} bits, the database's {database.Signatures?.Bits}.",
            nameof(database));
    }

    private static void Require(bool condition, string message, string name)
    {
        if (!condition)
        {
            throw new ArgumentException(message, name);
        }
    }
}
