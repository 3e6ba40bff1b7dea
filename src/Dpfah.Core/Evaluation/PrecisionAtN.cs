using Dpfah.Core.Codes;

namespace Dpfah.Core.Evaluation;

/// <summary>
/// Precision of the first N results: P@N = H_N / N, where H_N counts the relevant ones among the N nearest by Hamming distance
/// (ties in database order). The mean is over all queries; a database of fewer than N items still divides by N.
/// </summary>
public static class PrecisionAtN
{
    /// <summary>Mean precision of queries against a database.</summary>
    /// <param name="queries">Codes of the queries, at least one.</param>
    /// <param name="database">Codes of the database, of the same length.</param>
    /// <param name="isRelevant">Whether database position j (second argument) is relevant to query i (first argument).</param>
    /// <param name="n">Results looked at, at least 1.</param>
    /// <returns>A fraction from 0 to 1.</returns>
    public static double Mean(
        IReadOnlyList<BinaryCode> queries, IReadOnlyList<BinaryCode> database, Func<int, int, bool> isRelevant, int n)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(n);
        ArgumentOutOfRangeException.ThrowIfZero(queries.Count, nameof(queries));
        return Enumerable.Range(0, queries.Count)
            .Average(i => (double)HammingRanking.Order(queries[i], database).Take(n).Count(j => isRelevant(i, j)) / n);
    }

    /// <summary>Mean precision when each item in turn is the query and all others are the database; relevant is an equal label.</summary>
    /// <param name="codes">Codes of the items, at least one.</param>
    /// <param name="labels">One label an item; compared ordinally.</param>
    /// <param name="n">Results looked at, at least 1.</param>
    /// <returns>A fraction from 0 to 1.</returns>
    public static double LeaveOneOut(IReadOnlyList<BinaryCode> codes, IReadOnlyList<string> labels, int n)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(n);
        ArgumentOutOfRangeException.ThrowIfZero(codes.Count, nameof(codes));
        ArgumentOutOfRangeException.ThrowIfNotEqual(labels.Count, codes.Count, nameof(labels));
        return Enumerable.Range(0, codes.Count)
            .Average(i => (double)HammingRanking.Order(codes[i], codes)
                .Where(j => j != i).Take(n).Count(j => labels[i] == labels[j]) / n);
    }
}
