using System.Collections;
using System.Numerics;
using Dpfah.Core.Indexing.Kernels;

namespace Dpfah.Core.Duplicates;

/// <summary>Grows groups of near duplicates, one after the other, from items that have none.</summary>
internal sealed class GroupGrowth
{
    private readonly long[] ids;
    private readonly EqualCodes codes;
    private readonly NotDuplicates marks;
    private readonly RemainingCodes remaining;
    private readonly BitArray grouped;
    private readonly BitArray marked;

    // Of the group at hand: items, ids that may not join, and codes of which items were not let in.
    private readonly List<int> members = [];
    private readonly HashSet<long> barred = [];
    private readonly List<int> leftOver = [];

    // Of the step at hand.
    private readonly List<int> found = [];
    private readonly List<int> waiting = [];
    private readonly HashSet<int> widened = [];

    /// <param name="ids">Ids of the items, ascending.</param>
    /// <param name="codes">Their codes.</param>
    /// <param name="distance">Greatest distance of near items.</param>
    /// <param name="marks">Pairs that are kept apart.</param>
    /// <param name="kernel">The loop over many codes.</param>
    /// <param name="cancellationToken">Looked at before each table of the codes is made.</param>
    public GroupGrowth(long[] ids, EqualCodes codes, int distance, NotDuplicates marks, ScanKernel kernel, CancellationToken cancellationToken)
    {
        this.ids = ids;
        this.codes = codes;
        this.marks = marks;
        remaining = new RemainingCodes(codes.Codes, codes.Bits, codes.Count, distance, kernel, cancellationToken);
        grouped = new BitArray(ids.Length);
        marked = new BitArray(ids.Length);
        for (int item = 0; item < ids.Length; item++)
        {
            marked[item] = marks.Names(ids[item]);
        }
    }

    /// <summary>Grows a group from an item; all items before it have theirs.</summary>
    /// <returns>Null when the item has its group, or stays alone.</returns>
    public DuplicateGroup? From(int seed, CancellationToken cancellationToken)
    {
        if (grouped[seed])
        {
            return null;
        }

        Join(seed);
        List<int> front = [codes.CodeOf(seed)], next = [];
        while (front.Count > 0)
        {
            Step(front, next, cancellationToken);
            (front, next) = (next, front);
        }

        leftOver.ForEach(remaining.PutBack);
        leftOver.Clear();
        barred.Clear();
        DuplicateGroup? group = members.Count > 1 ? Group() : null;
        members.Clear();
        return group;
    }

    /// <summary>Lets in what is near to the codes in front.</summary>
    /// <param name="front">Codes whose surroundings were not looked at yet; emptied.</param>
    /// <param name="next">Takes up the codes of which items were let in.</param>
    /// <param name="cancellationToken">Looked at for each code.</param>
    private void Step(List<int> front, List<int> next, CancellationToken cancellationToken)
    {
        foreach (int code in front)
        {
            cancellationToken.ThrowIfCancellationRequested();
            remaining.Take(code, found);
        }

        foreach (int code in found)
        {
            foreach (int item in codes.Items(code))
            {
                if (grouped[item])
                {
                    continue;
                }

                if (marked[item])
                {
                    waiting.Add(item);
                }
                else
                {
                    Join(item);
                    widened.Add(code);
                }
            }
        }

        // Whoever is marked joins in ascending order: who comes first bars others.
        waiting.Sort();
        foreach (int item in waiting)
        {
            if (!barred.Contains(ids[item]))
            {
                Join(item);
                widened.Add(codes.CodeOf(item));
            }
        }

        leftOver.AddRange(waiting.Where(item => !grouped[item]).Select(codes.CodeOf).Distinct());

        // Codes in front were taken out before, but for the seed's, which is found with its own surroundings.
        int seed = front[0];
        next.AddRange(found.Where(code => widened.Contains(code) && code != seed));
        front.Clear();
        found.Clear();
        waiting.Clear();
        widened.Clear();
    }

    private void Join(int item)
    {
        grouped[item] = true;
        members.Add(item);
        if (marked[item])
        {
            barred.UnionWith(marks.Of(ids[item]));
        }
    }

    private DuplicateGroup Group()
    {
        members.Sort();
        ReadOnlySpan<ulong> first = remaining.Code(codes.CodeOf(members[0]));
        var group = new DuplicateMember[members.Count];
        for (int i = 0; i < group.Length; i++)
        {
            ReadOnlySpan<ulong> code = remaining.Code(codes.CodeOf(members[i]));
            int distance = 0;
            for (int word = 0; word < code.Length; word++)
            {
                distance += BitOperations.PopCount(code[word] ^ first[word]);
            }

            group[i] = new DuplicateMember(ids[members[i]], distance);
        }

        return new DuplicateGroup(group);
    }
}
