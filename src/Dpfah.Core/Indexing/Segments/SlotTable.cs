namespace Dpfah.Core.Indexing.Segments;

/// <summary>From id to the slot that the id was last put in: open addressing, one writer, readers without locks.</summary>
/// <remarks>
/// Snapshots share the table with the writer, so to an old snapshot an entry is a hint: the id may have moved to a slot
/// that the snapshot does not have yet. Entries are never removed, so an id that is missing here never was in a snapshot
/// that shares the table. Growing makes a new table and leaves the old one, frozen, to the snapshots that have it.
/// </remarks>
internal sealed class SlotTable
{
    private const int MinCapacity = 16;

    private readonly long[] ids;

    // Slot + 1; 0 marks a free place. Written after the id and read before it, so a place that is taken has its id.
    private readonly int[] places;
    private int count;

    private SlotTable(int capacity)
    {
        ids = new long[capacity];
        places = new int[capacity];
    }

    public static SlotTable Empty() => new(MinCapacity);

    public long MemoryBytes => (long)ids.Length * (sizeof(long) + sizeof(int));

    /// <summary>Finds the slot that an id was last put in; -1 when it never was.</summary>
    public int Find(long id)
    {
        for (int place = Home(id); ; place = (place + 1) & (places.Length - 1))
        {
            int slot = Volatile.Read(ref places[place]) - 1;
            if (slot < 0 || ids[place] == id)
            {
                return slot;
            }
        }
    }

    /// <summary>Records where an id is now. Only for the writer.</summary>
    /// <returns>This table, or a larger one that takes its place.</returns>
    public SlotTable Set(long id, int slot)
    {
        SlotTable table = 2 * (count + 1) > places.Length ? Grown() : this;
        table.Write(id, slot);
        return table;
    }

    private void Write(long id, int slot)
    {
        int place = Home(id);
        while (places[place] != 0 && ids[place] != id)
        {
            place = (place + 1) & (places.Length - 1);
        }

        if (places[place] == 0)
        {
            ids[place] = id;
            count++;
        }

        Volatile.Write(ref places[place], slot + 1);
    }

    private SlotTable Grown()
    {
        var larger = new SlotTable(checked(2 * places.Length));
        for (int place = 0; place < places.Length; place++)
        {
            if (places[place] != 0)
            {
                larger.Write(ids[place], places[place] - 1);
            }
        }

        return larger;
    }

    // Fibonacci hashing: item numbers come in runs, and the multiplication spreads a run over the whole table.
    private int Home(long id) => (int)((ulong)id * 0x9E3779B97F4A7C15 >> 32) & (places.Length - 1);
}
