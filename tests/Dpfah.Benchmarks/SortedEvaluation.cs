using Dpfah.Core.Codes;
using Dpfah.Core.Evaluation;

namespace Dpfah.Benchmarks;

/// <summary>The plain way to evaluate: for each query measure all distances, sort, and walk down the list.</summary>
internal static class SortedEvaluation
{
    /// <summary>AP of the first queries; on the way precision and recall by rank, of which P@N is a part.</summary>
    public static double[] AveragePrecisions(LabelledCodes queries, LabelledCodes database, int count)
    {
        var averages = new double[count];
        var precisionByRank = new double[database.Count];
        var recallByRank = new double[database.Count];
        var order = new long[database.Count];
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<ulong> code = queries.Codes.Row(i);
            int relevant = 0;
            for (int j = 0; j < order.Length; j++)
            {
                // The position behind the distance makes the sort stable.
                order[j] = ((long)Hamming.Distance(code, database.Codes.Row(j)) << 32) | (uint)j;
                relevant += queries.Labels.Share(i, database.Labels, j) ? 1 : 0;
            }

            Array.Sort(order);
            int hits = 0;
            double sum = 0;
            for (int rank = 1; rank <= order.Length; rank++)
            {
                if (queries.Labels.Share(i, database.Labels, (int)(uint)order[rank - 1]))
                {
                    hits++;
                    sum += (double)hits / rank;
                }

                precisionByRank[rank - 1] += (double)hits / rank / count;
                recallByRank[rank - 1] += (double)hits / Math.Max(relevant, 1) / count;
            }

            averages[i] = sum / Math.Max(hits, 1);
        }

        return averages;
    }
}
