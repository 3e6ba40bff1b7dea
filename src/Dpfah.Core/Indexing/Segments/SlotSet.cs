using System.Numerics;

namespace Dpfah.Core.Indexing.Segments;

/// <summary>A set of slots that never changes: a tree of bitmaps, of which a changed copy shares all that is the same.</summary>
/// <remarks>A publish copies one leaf of 4,096 slots and one node on each level above for each change far from others, whatever the size.</remarks>
internal sealed class SlotSet
{
    public static readonly SlotSet Empty = new([], 0);

    private const int LeafShift = 12;
    private const int LeafWords = 1 << (LeafShift - 6);
    private const int NodeShift = 6;
    private const int NodeLeaves = 1 << NodeShift;

    // [node][leaf] -> 64 words; null where nothing is set.
    private readonly ulong[]?[]?[] nodes;

    private SlotSet(ulong[]?[]?[] nodes, int count)
    {
        this.nodes = nodes;
        Count = count;
    }

    /// <summary>Slots in the set.</summary>
    public int Count { get; }

    public long MemoryBytes =>
        nodes.Sum(node => node is null ? sizeof(long) : sizeof(long) * (1L + NodeLeaves + (LeafWords * node.Count(leaf => leaf is not null))));

    public bool Contains(int slot) => Count != 0 && (Word(slot >> 6) >> (slot & 63) & 1) != 0;

    /// <summary>The bits of slots 64 w to 64 w + 63.</summary>
    public ulong Word(int word)
    {
        int leaf = word >> (LeafShift - 6), node = leaf >> NodeShift;
        return (node < nodes.Length ? nodes[node]?[leaf & (NodeLeaves - 1)] : null)?[word & (LeafWords - 1)] ?? 0;
    }

    /// <summary>How many of the slots from <paramref name="from"/> up to before <paramref name="to"/> are in the set.</summary>
    public int CountRange(int from, int to)
    {
        if (Count == 0 || from >= to)
        {
            return 0;
        }

        int count = 0, last = (to - 1) >> 6;
        for (int word = from >> 6; word <= last; word++)
        {
            ulong bits = Word(word);
            if (word == from >> 6)
            {
                bits &= ulong.MaxValue << (from & 63);
            }

            if (word == last)
            {
                bits &= ulong.MaxValue >> (63 - ((to - 1) & 63));
            }

            count += BitOperations.PopCount(bits);
        }

        return count;
    }

    /// <summary>Makes the next set.</summary>
    public sealed class Editor(SlotSet source)
    {
        private readonly HashSet<int> ownLeaves = [];
        private readonly HashSet<int> ownNodes = [];
        private ulong[]?[]?[]? nodes;
        private int count = source.Count;

        public bool Contains(int slot)
        {
            int leaf = slot >> LeafShift, node = leaf >> NodeShift;
            ulong[]?[]?[] now = nodes ?? source.nodes;
            ulong[]? words = node < now.Length ? now[node]?[leaf & (NodeLeaves - 1)] : null;
            return words is not null && (words[(slot >> 6) & (LeafWords - 1)] >> (slot & 63) & 1) != 0;
        }

        /// <summary>Adds a slot; nothing happens when it is there.</summary>
        public void Add(int slot)
        {
            if (Contains(slot))
            {
                return;
            }

            int leaf = slot >> LeafShift, node = leaf >> NodeShift;
            if (nodes is null || node >= nodes.Length)
            {
                ulong[]?[]?[] old = nodes ?? source.nodes;
                nodes = new ulong[]?[]?[Math.Max(old.Length, node + 1)];
                old.CopyTo(nodes, 0);
            }

            if (ownNodes.Add(node))
            {
                nodes[node] = (ulong[]?[]?)nodes[node]?.Clone() ?? new ulong[]?[NodeLeaves];
            }

            ref ulong[]? words = ref nodes[node]![leaf & (NodeLeaves - 1)];
            if (ownLeaves.Add(leaf))
            {
                words = (ulong[]?)words?.Clone() ?? new ulong[LeafWords];
            }

            words![(slot >> 6) & (LeafWords - 1)] |= 1UL << (slot & 63);
            count++;
        }

        public SlotSet Build() => nodes is null ? source : new SlotSet(nodes, count);
    }
}
