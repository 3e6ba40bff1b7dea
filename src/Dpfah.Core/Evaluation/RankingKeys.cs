using System.Numerics;
using Dpfah.Core.Codes;

namespace Dpfah.Core.Evaluation;

/// <summary>Distance and relevance of every database item to one query at a time, and the histogram of both.</summary>
/// <remarks>
/// An item's key is twice its distance, plus 1 when it is relevant: one number, one histogram, one array to read again. An item that is
/// left out lies one farther than any can, and is not relevant.
/// </remarks>
internal sealed class RankingKeys
{
    private readonly LabelledCodes queries;
    private readonly LabelledCodes database;
    private readonly ushort[] keys;
    private readonly int[] counts;
    private readonly int[] positions;

    public RankingKeys(LabelledCodes queries, LabelledCodes database)
    {
        this.queries = queries;
        this.database = database;
        keys = new ushort[database.Count];
        counts = new int[2 * (Bits + 2)];
        positions = new int[Bits + 2];
    }

    /// <summary>Length of the codes in bits; distances are 0 to this.</summary>
    public int Bits => database.Codes.Bits;

    /// <summary>Relevant items of the whole database, R.</summary>
    public int TotalRelevant { get; private set; }

    /// <summary>The keys in database order.</summary>
    public ReadOnlySpan<ushort> Keys => keys;

    /// <summary>Items at a distance.</summary>
    public int Total(int distance) => counts[2 * distance] + counts[(2 * distance) + 1];

    /// <summary>Relevant items at a distance.</summary>
    public int Relevant(int distance) => counts[(2 * distance) + 1];

    /// <summary>Turns to a query.</summary>
    /// <param name="query">The query.</param>
    /// <param name="leftOut">A database item that is left out of the ranking; -1 for none.</param>
    public void Measure(int query, int leftOut)
    {
        ReadOnlySpan<ulong> code = queries.Codes.Row(query);
        ReadOnlySpan<ulong> labels = queries.Labels.Row(query);
        Array.Clear(counts);
        if (code.Length == 1 && labels.Length == 1)
        {
            MeasureSingleWords(code[0], labels[0]);
        }
        else
        {
            MeasureRows(code, labels);
        }

        if (leftOut >= 0)
        {
            counts[keys[leftOut]]--;
            keys[leftOut] = (ushort)(2 * (Bits + 1));
            counts[keys[leftOut]]++;
        }

        TotalRelevant = 0;
        for (int key = 1; key < counts.Length; key += 2)
        {
            TotalRelevant += counts[key];
        }
    }

    /// <summary>Writes the relevance (1 or 0) of the items by distance, ties in database order: a counting sort. What is left out comes last.</summary>
    /// <param name="ranked">One element an item.</param>
    public void Rank(Span<byte> ranked)
    {
        int position = 0;
        for (int distance = 0; distance < positions.Length; distance++)
        {
            positions[distance] = position;
            position += Total(distance);
        }

        foreach (ushort key in keys)
        {
            ranked[positions[key >> 1]++] = (byte)(key & 1);
        }
    }

    /// <summary>The same as <see cref="MeasureRows"/> for up to 64 bits and 64 classes: no inner loop, no slices.</summary>
    private void MeasureSingleWords(ulong code, ulong labels)
    {
        Span<ushort> keys = this.keys;
        Span<int> counts = this.counts;
        ReadOnlySpan<ulong> codeWords = database.Codes.Words[..keys.Length];
        ReadOnlySpan<ulong> labelWords = database.Labels.Words[..keys.Length];
        for (int i = 0; i < keys.Length; i++)
        {
            int key = (2 * BitOperations.PopCount(codeWords[i] ^ code)) + ((labelWords[i] & labels) != 0 ? 1 : 0);
            keys[i] = (ushort)key;
            counts[key]++;
        }
    }

    private void MeasureRows(ReadOnlySpan<ulong> code, ReadOnlySpan<ulong> labels)
    {
        for (int i = 0; i < keys.Length; i++)
        {
            int key = (2 * Hamming.Distance(code, database.Codes.Row(i))) + (LabelMatrix.Intersect(labels, database.Labels.Row(i)) ? 1 : 0);
            keys[i] = (ushort)key;
            counts[key]++;
        }
    }
}
