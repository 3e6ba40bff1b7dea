using Dpfah.Core.Codes;

namespace Dpfah.Core.Evaluation;

/// <summary>Ranks a whole database by Hamming distance, as retrieval metrics want it.</summary>
public static class HammingRanking
{
    /// <summary>Database positions from nearest to farthest; ties keep database order.</summary>
    /// <param name="query">The query's code.</param>
    /// <param name="database">Codes of the same length.</param>
    /// <returns>A permutation of 0 … n − 1.</returns>
    /// <exception cref="ArgumentException">A code has another length than the query.</exception>
    /// <remarks>A counting sort: O(n + bits).</remarks>
    public static int[] Order(BinaryCode query, IReadOnlyList<BinaryCode> database)
    {
        var distances = new int[database.Count];
        var starts = new int[query.Bits + 2];
        for (int i = 0; i < distances.Length; i++)
        {
            distances[i] = query.HammingDistance(database[i]);
            starts[distances[i] + 1]++;
        }

        for (int distance = 1; distance < starts.Length; distance++)
        {
            starts[distance] += starts[distance - 1];
        }

        var order = new int[distances.Length];
        for (int i = 0; i < distances.Length; i++)
        {
            order[starts[distances[i]]++] = i;
        }

        return order;
    }
}
