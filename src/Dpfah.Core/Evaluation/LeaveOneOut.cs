using Dpfah.Core.Codes;

namespace Dpfah.Core.Evaluation;

/// <summary>
/// How well the codes of one catalogue find pictures of the same label: each item in turn is the query and all others are the database,
/// ranked by Hamming distance (ties in their order). Queries of their own, and all metrics: <see cref="RetrievalEvaluation"/>.
/// </summary>
/// <param name="Precision">P@N = H_N / N, where H_N counts the relevant ones among the N nearest; mean over the items.</param>
/// <param name="Map">mAP of the whole ranking, AP = (1/R) Σ r_i H_i / i; an item whose label no other has counts as 0.</param>
public sealed record LeaveOneOut(double Precision, double Map)
{
    /// <summary>Measures all items.</summary>
    /// <param name="codes">Codes of the items, at least one, of one length.</param>
    /// <param name="labels">One label an item; relevant is an equal one, compared ordinally.</param>
    /// <param name="n">Results looked at by P@N, at least 1.</param>
    /// <param name="cancellationToken">Looked at before each query.</param>
    /// <remarks>O(N²): a counting sort a query.</remarks>
    public static LeaveOneOut Run(
        IReadOnlyList<BinaryCode> codes, IReadOnlyList<string> labels, int n, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(n);
        ArgumentOutOfRangeException.ThrowIfZero(codes.Count, nameof(codes));
        ArgumentOutOfRangeException.ThrowIfNotEqual(labels.Count, codes.Count, nameof(labels));
        var classes = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (string label in labels)
        {
            classes.TryAdd(label, classes.Count);
        }

        int[] classOf = [.. labels.Select(label => classes[label])];
        (double precision, double map) = (0, 0);
        for (int query = 0; query < classOf.Length; query++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            (int rank, int hits, int hitsAtN) = (0, 0, 0);
            double sum = 0;
            foreach (int item in HammingRanking.Order(codes[query], codes))
            {
                if (item == query)
                {
                    continue;
                }

                rank++;
                if (classOf[item] == classOf[query])
                {
                    hits++;
                    sum += (double)hits / rank;
                    hitsAtN += rank <= n ? 1 : 0;
                }
            }

            precision += (double)hitsAtN / n;
            map += hits == 0 ? 0 : sum / hits;
        }

        return new LeaveOneOut(precision / classOf.Length, map / classOf.Length);
    }
}
