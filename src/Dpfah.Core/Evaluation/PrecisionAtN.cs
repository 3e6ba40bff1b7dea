using Dpfah.Core.Codes;

namespace Dpfah.Core.Evaluation;

/// <summary>
/// Precision of the first N results: P@N = H_N / N, where H_N counts the relevant ones among the N nearest by Hamming distance
/// (ties in database order). A database of fewer than N items still divides by N. Queries of their own: <see cref="RetrievalEvaluation"/>.
/// </summary>
public static class PrecisionAtN
{
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
