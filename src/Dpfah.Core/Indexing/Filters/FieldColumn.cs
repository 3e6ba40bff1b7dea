namespace Dpfah.Core.Indexing.Filters;

/// <summary>One field of a segment: its values in their order, and the slots that have each.</summary>
internal sealed class FieldColumn
{
    private readonly FieldValue[] values;

    // Slots of values[i]: slots[starts[i]] to before slots[starts[i + 1]], ascending.
    private readonly int[] starts;
    private readonly int[] slots;

    private FieldColumn(FieldValue[] values, int[] starts, int[] slots)
    {
        this.values = values;
        this.starts = starts;
        this.slots = slots;
    }

    public long MemoryBytes => (16L * values.Length) + (sizeof(int) * ((long)starts.Length + slots.Length));

    /// <summary>Sets the bits of the slots that have a value.</summary>
    public void Select(FieldValue value, Span<ulong> target)
    {
        int found = Array.BinarySearch(values, value);
        if (found >= 0)
        {
            Set(found, found + 1, target);
        }
    }

    /// <summary>Sets the bits of the slots that have a value of a kind within a range.</summary>
    /// <param name="kind">Any value of the kind.</param>
    /// <param name="isBelow">Whether a value lies before the range.</param>
    /// <param name="isAbove">Whether a value lies behind it.</param>
    /// <param name="target">A bit for each slot.</param>
    public void Select(FieldValue kind, Func<FieldValue, bool> isBelow, Func<FieldValue, bool> isAbove, Span<ulong> target)
    {
        int from = First(value => value.IsSameKind(kind) ? !isBelow(value) : value > kind);
        int to = First(value => value.IsSameKind(kind) ? isAbove(value) : value > kind);
        if (from < to)
        {
            Set(from, to, target);
        }
    }

    /// <summary>Sets the bits of the slots that have the field.</summary>
    public void SelectAll(Span<ulong> target) => Set(0, values.Length, target);

    private void Set(int from, int to, Span<ulong> target)
    {
        foreach (int slot in slots.AsSpan(starts[from]..starts[to]))
        {
            target[slot >> 6] |= 1UL << (slot & 63);
        }
    }

    /// <summary>The first value from which on something holds.</summary>
    private int First(Predicate<FieldValue> holds)
    {
        int low = 0, high = values.Length;
        while (low < high)
        {
            int middle = low + ((high - low) >> 1);
            if (holds(values[middle]))
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low;
    }

    /// <summary>Collects the values of a field, slot by slot in ascending order.</summary>
    public sealed class Builder
    {
        private readonly Dictionary<FieldValue, int> numbers = [];
        private readonly List<int> slots = [];
        private readonly List<int> valueOf = [];

        public void Add(int slot, FieldValue value)
        {
            if (!numbers.TryGetValue(value, out int number))
            {
                numbers.Add(value, number = numbers.Count);
            }

            slots.Add(slot);
            valueOf.Add(number);
        }

        public FieldColumn Build()
        {
            FieldValue[] values = [.. numbers.Keys];
            Array.Sort(values);
            var rank = new int[values.Length];
            for (int i = 0; i < values.Length; i++)
            {
                rank[numbers[values[i]]] = i;
            }

            var starts = new int[values.Length + 1];
            foreach (int number in valueOf)
            {
                starts[rank[number] + 1]++;
            }

            for (int i = 0; i < values.Length; i++)
            {
                starts[i + 1] += starts[i];
            }

            var ordered = new int[slots.Count];
            int[] next = [.. starts];
            for (int i = 0; i < ordered.Length; i++)
            {
                ordered[next[rank[valueOf[i]]]++] = slots[i];
            }

            return new FieldColumn(values, starts, ordered);
        }
    }
}
