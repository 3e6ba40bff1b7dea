using Dpfah.Core.Codes;

namespace Dpfah.Core.Evaluation;

/// <summary>Ranks by distance, then by distance of the signatures, then by database order.</summary>
/// <remarks>
/// A signature is read only where it can matter: in ties of relevant and other items. Any order of a tie of one kind has the same
/// relevance, so that its items all count as equally near.
/// </remarks>
internal sealed class FineOrder
{
    private readonly CodeMatrix queries;
    private readonly CodeMatrix database;
    private readonly RankingKeys keys;
    private readonly int[] places;
    private readonly int[] positions;
    private readonly bool[] isMixed;

    public FineOrder(CodeMatrix queries, CodeMatrix database, RankingKeys keys)
    {
        this.queries = queries;
        this.database = database;
        this.keys = keys;
        places = new int[database.Count];
        positions = new int[(keys.Bits + 2) * (database.Bits + 1)];
        isMixed = new bool[keys.Bits + 2];
    }

    /// <summary>Writes the relevance (1 or 0) of the items in the order for the query that the keys are turned to.</summary>
    /// <param name="query">That query.</param>
    /// <param name="ranked">One element an item.</param>
    public void Rank(int query, Span<byte> ranked)
    {
        for (int distance = 0; distance < isMixed.Length; distance++)
        {
            int relevant = keys.Relevant(distance);
            isMixed[distance] = relevant > 0 && relevant < keys.Total(distance);
        }

        Array.Clear(positions);
        CountPlaces(queries.Row(query));
        int position = 0;
        for (int place = 0; place < positions.Length; place++)
        {
            int count = positions[place];
            positions[place] = position;
            position += count;
        }

        ReadOnlySpan<ushort> items = keys.Keys;
        for (int i = 0; i < items.Length; i++)
        {
            ranked[positions[places[i]]++] = (byte)(items[i] & 1);
        }
    }

    /// <summary>Each item's place, a number that orders by both distances, and how many items have it.</summary>
    private void CountPlaces(ReadOnlySpan<ulong> signature)
    {
        ReadOnlySpan<ushort> items = keys.Keys;
        int step = database.Bits + 1;
        for (int i = 0; i < items.Length; i++)
        {
            int distance = items[i] >> 1;
            int place = (distance * step) + (isMixed[distance] ? Hamming.Distance(signature, database.Row(i)) : 0);
            places[i] = place;
            positions[place]++;
        }
    }
}
