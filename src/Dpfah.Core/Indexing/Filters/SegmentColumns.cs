using System.Runtime.InteropServices;
using Dpfah.Core.Indexing.Segments;

namespace Dpfah.Core.Indexing.Filters;

/// <summary>The fields of a sealed segment's items, by name.</summary>
internal sealed class SegmentColumns
{
    private readonly Dictionary<string, FieldColumn> columns;

    private SegmentColumns(Dictionary<string, FieldColumn> columns, IdColumn ids, int count)
    {
        this.columns = columns;
        Ids = ids;
        Count = count;
    }

    /// <summary>The ids of the segment's items.</summary>
    public IdColumn Ids { get; }

    /// <summary>Slots of the segment.</summary>
    public int Count { get; }

    public long MemoryBytes => columns.Values.Sum(c => c.MemoryBytes);

    /// <summary>A field's column; null when no item has the field.</summary>
    public FieldColumn? Column(string field) => columns.GetValueOrDefault(field);

    public static SegmentColumns Of<T>(T[] items, IdColumn ids)
    {
        var builders = new Dictionary<string, FieldColumn.Builder>(StringComparer.Ordinal);
        for (int slot = 0; slot < items.Length && items[slot] is IFilterable; slot++)
        {
            foreach (ItemField field in ((IFilterable)items[slot]!).Fields)
            {
                ref FieldColumn.Builder? builder = ref CollectionsMarshal.GetValueRefOrAddDefault(builders, field.Name, out _);
                (builder ??= new FieldColumn.Builder()).Add(slot, field.Value);
            }
        }

        return new SegmentColumns(
            builders.ToDictionary(b => b.Key, b => b.Value.Build(), StringComparer.Ordinal), ids, items.Length);
    }
}
