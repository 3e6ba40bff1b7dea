namespace Dpfah.Core.Indexing.Segments;

/// <summary>The ids of a segment by slot: four bytes each where they span less than 2^32, as item numbers of one import do.</summary>
internal sealed class IdColumn
{
    private readonly long least;
    private readonly uint[]? narrow;
    private readonly long[]? wide;

    // Slots in ascending order of their ids, for the search of an id.
    private readonly int[] ascending;

    /// <param name="ids">Id of each slot; each id once.</param>
    /// <param name="ascending">Slots in ascending order of their ids.</param>
    public IdColumn(long[] ids, int[] ascending)
    {
        this.ascending = ascending;
        least = ids.Length == 0 ? 0 : ids[ascending[0]];
        if (ids.Length == 0 || (ulong)(ids[ascending[^1]] - least) <= uint.MaxValue)
        {
            narrow = new uint[ids.Length];
            for (int slot = 0; slot < ids.Length; slot++)
            {
                narrow[slot] = (uint)(ids[slot] - least);
            }
        }
        else
        {
            wide = ids;
        }
    }

    public long MemoryBytes => (sizeof(int) * (long)ascending.Length) + (sizeof(uint) * (long)(narrow?.Length ?? 0)) + (sizeof(long) * (long)(wide?.Length ?? 0));

    /// <summary>Slots in ascending order of their ids.</summary>
    public ReadOnlySpan<int> Ascending => ascending;

    public long this[int slot] => narrow is not null ? least + narrow[slot] : wide![slot];

    /// <summary>Finds the slot of an id; -1 when there is none.</summary>
    public int Find(long id)
    {
        int low = 0, high = ascending.Length - 1;
        while (low <= high)
        {
            int middle = low + ((high - low) >> 1);
            long found = this[ascending[middle]];
            if (found == id)
            {
                return ascending[middle];
            }

            if (found < id)
            {
                low = middle + 1;
            }
            else
            {
                high = middle - 1;
            }
        }

        return -1;
    }
}
