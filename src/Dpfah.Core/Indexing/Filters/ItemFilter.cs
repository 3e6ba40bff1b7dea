using System.Collections.Frozen;

namespace Dpfah.Core.Indexing.Filters;

/// <summary>Which items may be neighbors: conditions on fields and item numbers, joined by and, or, not.</summary>
/// <remarks>
/// A field with several values meets a condition when one of them does. A filter never changes, and one filter given to many queries
/// of a batch is worked out once for all of them.
/// </remarks>
public abstract class ItemFilter
{
    // Deeper than any that a caller may write, with what the service puts around it.
    private const int MaxDepth = 32;

    private protected ItemFilter()
    {
    }

    /// <summary>Items that have one of these values in a field.</summary>
    /// <param name="field">Name of the field.</param>
    /// <param name="values">The values; of none, no item passes.</param>
    public static ItemFilter In(string field, params IEnumerable<FieldValue> values)
    {
        ArgumentNullException.ThrowIfNull(field);
        ArgumentNullException.ThrowIfNull(values);
        return new InFilter(field, [.. values.Distinct()]);
    }

    /// <summary>Items that have a value between two others in a field. Only values of the limits' kind count.</summary>
    /// <param name="field">Name of the field.</param>
    /// <param name="from">Least value; null for no limit.</param>
    /// <param name="to">Greatest value; null for no limit.</param>
    /// <param name="withFrom">Whether <paramref name="from"/> itself is in the range.</param>
    /// <param name="withTo">Whether <paramref name="to"/> itself is in the range.</param>
    /// <exception cref="ArgumentException">There is no limit, a limit is neither a number nor a text, or the two are of different kinds.</exception>
    public static ItemFilter Between(string field, FieldValue? from, FieldValue? to, bool withFrom = true, bool withTo = true)
    {
        ArgumentNullException.ThrowIfNull(field);
        foreach (FieldValue? limit in (ReadOnlySpan<FieldValue?>)[from, to])
        {
            if (limit is { Text: null, IsNumber: false })
            {
                throw new ArgumentException($"{limit} is no limit of a range; numbers and texts are.", nameof(from));
            }
        }

        if ((from ?? to) is not { } known || !known.IsSameKind(to ?? known))
        {
            throw new ArgumentException($"A range has one limit, or two of one kind; these are {from?.ToString() ?? "none"} and {to?.ToString() ?? "none"}.", nameof(to));
        }

        return new RangeFilter(field, from, to, withFrom, withTo);
    }

    /// <summary>Items that have a field, whatever its value.</summary>
    /// <param name="field">Name of the field.</param>
    public static ItemFilter Exists(string field)
    {
        ArgumentNullException.ThrowIfNull(field);
        return new ExistsFilter(field);
    }

    /// <summary>Items with these numbers.</summary>
    /// <param name="ids">Item numbers; numbers that no item has do no harm.</param>
    public static ItemFilter Ids(params IEnumerable<long> ids)
    {
        ArgumentNullException.ThrowIfNull(ids);
        return new IdFilter(ids.ToFrozenSet());
    }

    /// <summary>Items that pass all of these; of none, all items.</summary>
    /// <param name="filters">Any number of filters.</param>
    public static ItemFilter All(params IEnumerable<ItemFilter> filters) => new AllFilter(NoNull(filters));

    /// <summary>Items that pass one of these at least; of none, no item.</summary>
    /// <param name="filters">Any number of filters.</param>
    public static ItemFilter Any(params IEnumerable<ItemFilter> filters) => new AnyFilter(NoNull(filters));

    /// <summary>Items that do not pass this.</summary>
    /// <param name="filter">A filter.</param>
    public static ItemFilter Not(ItemFilter filter)
    {
        ArgumentNullException.ThrowIfNull(filter);
        return new NotFilter(filter);
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="InvalidDataException">It is no filter, or one nested too deeply.</exception>
    public static ItemFilter Read(BinaryReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        return Read(reader, MaxDepth);
    }

    /// <summary>Writes the filter, for another process of the same version.</summary>
    public abstract void Write(BinaryWriter writer);

    /// <summary>Whether an item passes.</summary>
    /// <param name="id">Its number.</param>
    /// <param name="fields">Its fields.</param>
    public abstract bool Passes(long id, ReadOnlySpan<ItemField> fields);

    /// <summary>Sets the bits of all slots of a sealed segment whose items pass, dead ones too.</summary>
    /// <param name="segment">The segment's columns.</param>
    /// <param name="slots">A bit for each slot, all 0 before.</param>
    internal abstract void Select(SegmentColumns segment, Span<ulong> slots);

    private static ItemFilter Read(BinaryReader reader, int depth)
    {
        if (depth == 0)
        {
            throw new InvalidDataException($"A filter is nested in more than {MaxDepth} others.");
        }

        var form = (Form)reader.ReadByte();
        return form switch
        {
            Form.In => new InFilter(reader.ReadString(), ReadMany(reader, FieldValue.Read)),
            Form.Range => new RangeFilter(reader.ReadString(), ReadLimit(reader), ReadLimit(reader), reader.ReadBoolean(), reader.ReadBoolean()),
            Form.Exists => new ExistsFilter(reader.ReadString()),
            Form.Ids => Ids(ReadMany(reader, source => source.ReadInt64())),
            Form.All => new AllFilter(ReadMany(reader, source => Read(source, depth - 1))),
            Form.Any => new AnyFilter(ReadMany(reader, source => Read(source, depth - 1))),
            Form.Not => new NotFilter(Read(reader, depth - 1)),
            _ => throw new InvalidDataException($"{form} is no form of a filter."),
        };
    }

    // The count is not taken for memory: a part is read before the next has room.
    private static TPart[] ReadMany<TPart>(BinaryReader reader, Func<BinaryReader, TPart> read)
    {
        int count = reader.Read7BitEncodedInt();
        var parts = new List<TPart>();
        for (int i = 0; i < count; i++)
        {
            parts.Add(read(reader));
        }

        return [.. parts];
    }

    private static FieldValue? ReadLimit(BinaryReader reader) => reader.ReadBoolean() ? FieldValue.Read(reader) : null;

    private static void WriteLimit(BinaryWriter writer, FieldValue? limit)
    {
        writer.Write(limit is not null);
        limit?.Write(writer);
    }

    private static void WriteMany(BinaryWriter writer, Form form, ItemFilter[] parts)
    {
        writer.Write((byte)form);
        writer.Write7BitEncodedInt(parts.Length);
        Array.ForEach(parts, part => part.Write(writer));
    }

    private static ItemFilter[] NoNull(IEnumerable<ItemFilter> filters)
    {
        ArgumentNullException.ThrowIfNull(filters);
        ItemFilter[] parts = [.. filters];
        foreach (ItemFilter part in parts)
        {
            ArgumentNullException.ThrowIfNull(part, nameof(filters));
        }

        return parts;
    }

    private enum Form : byte
    {
        In = 1,
        Range = 2,
        Exists = 3,
        Ids = 4,
        All = 5,
        Any = 6,
        Not = 7,
    }

    private sealed class InFilter(string field, FieldValue[] values) : ItemFilter
    {
        public override bool Passes(long id, ReadOnlySpan<ItemField> fields)
        {
            foreach (ItemField own in fields)
            {
                if (own.Name == field && Array.IndexOf(values, own.Value) >= 0)
                {
                    return true;
                }
            }

            return false;
        }

        public override void Write(BinaryWriter writer)
        {
            writer.Write((byte)Form.In);
            writer.Write(field);
            writer.Write7BitEncodedInt(values.Length);
            Array.ForEach(values, value => value.Write(writer));
        }

        internal override void Select(SegmentColumns segment, Span<ulong> slots)
        {
            foreach (FieldValue value in values)
            {
                segment.Column(field)?.Select(value, slots);
            }
        }
    }

    private sealed class RangeFilter(string field, FieldValue? from, FieldValue? to, bool withFrom, bool withTo) : ItemFilter
    {
        public override bool Passes(long id, ReadOnlySpan<ItemField> fields)
        {
            foreach (ItemField own in fields)
            {
                if (own.Name == field && own.Value.IsSameKind((from ?? to)!.Value) && !IsBelow(own.Value) && !IsAbove(own.Value))
                {
                    return true;
                }
            }

            return false;
        }

        public override void Write(BinaryWriter writer)
        {
            writer.Write((byte)Form.Range);
            writer.Write(field);
            WriteLimit(writer, from);
            WriteLimit(writer, to);
            writer.Write(withFrom);
            writer.Write(withTo);
        }

        internal override void Select(SegmentColumns segment, Span<ulong> slots) =>
            segment.Column(field)?.Select((from ?? to)!.Value, IsBelow, IsAbove, slots);

        private bool IsBelow(FieldValue value) => from is { } least && (withFrom ? value < least : value <= least);

        private bool IsAbove(FieldValue value) => to is { } greatest && (withTo ? value > greatest : value >= greatest);
    }

    private sealed class ExistsFilter(string field) : ItemFilter
    {
        public override bool Passes(long id, ReadOnlySpan<ItemField> fields)
        {
            foreach (ItemField own in fields)
            {
                if (own.Name == field)
                {
                    return true;
                }
            }

            return false;
        }

        public override void Write(BinaryWriter writer)
        {
            writer.Write((byte)Form.Exists);
            writer.Write(field);
        }

        internal override void Select(SegmentColumns segment, Span<ulong> slots) => segment.Column(field)?.SelectAll(slots);
    }

    private sealed class IdFilter(FrozenSet<long> ids) : ItemFilter
    {
        public override bool Passes(long id, ReadOnlySpan<ItemField> fields) => ids.Contains(id);

        public override void Write(BinaryWriter writer)
        {
            writer.Write((byte)Form.Ids);
            writer.Write7BitEncodedInt(ids.Count);
            foreach (long id in ids)
            {
                writer.Write(id);
            }
        }

        internal override void Select(SegmentColumns segment, Span<ulong> slots)
        {
            foreach (long id in ids)
            {
                int slot = segment.Ids.Find(id);
                if (slot >= 0)
                {
                    slots[slot >> 6] |= 1UL << (slot & 63);
                }
            }
        }
    }

    private sealed class AllFilter(ItemFilter[] parts) : ItemFilter
    {
        public override bool Passes(long id, ReadOnlySpan<ItemField> fields)
        {
            foreach (ItemFilter part in parts)
            {
                if (!part.Passes(id, fields))
                {
                    return false;
                }
            }

            return true;
        }

        public override void Write(BinaryWriter writer) => WriteMany(writer, Form.All, parts);

        internal override void Select(SegmentColumns segment, Span<ulong> slots)
        {
            slots.Fill(ulong.MaxValue);
            using var other = new SlotMask(segment.Count);
            foreach (ItemFilter part in parts)
            {
                other.Words.Clear();
                part.Select(segment, other.Words);
                for (int word = 0; word < slots.Length; word++)
                {
                    slots[word] &= other.Words[word];
                }
            }
        }
    }

    private sealed class AnyFilter(ItemFilter[] parts) : ItemFilter
    {
        public override bool Passes(long id, ReadOnlySpan<ItemField> fields)
        {
            foreach (ItemFilter part in parts)
            {
                if (part.Passes(id, fields))
                {
                    return true;
                }
            }

            return false;
        }

        public override void Write(BinaryWriter writer) => WriteMany(writer, Form.Any, parts);

        internal override void Select(SegmentColumns segment, Span<ulong> slots)
        {
            using var other = new SlotMask(segment.Count);
            foreach (ItemFilter part in parts)
            {
                other.Words.Clear();
                part.Select(segment, other.Words);
                for (int word = 0; word < slots.Length; word++)
                {
                    slots[word] |= other.Words[word];
                }
            }
        }
    }

    private sealed class NotFilter(ItemFilter filter) : ItemFilter
    {
        public override bool Passes(long id, ReadOnlySpan<ItemField> fields) => !filter.Passes(id, fields);

        public override void Write(BinaryWriter writer)
        {
            writer.Write((byte)Form.Not);
            filter.Write(writer);
        }

        internal override void Select(SegmentColumns segment, Span<ulong> slots)
        {
            filter.Select(segment, slots);
            for (int word = 0; word < slots.Length; word++)
            {
                slots[word] = ~slots[word];
            }
        }
    }
}
