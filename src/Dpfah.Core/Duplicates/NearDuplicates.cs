using Dpfah.Core.Indexing.Kernels;

namespace Dpfah.Core.Duplicates;

/// <summary>Groups of items whose codes lie near to each other: exact, and the same whatever order the items come in.</summary>
/// <remarks>
/// <para>
/// Two items are <em>near</em> when their codes differ in at most d bits. A group grows from the ungrouped item with the smallest id: all
/// ungrouped items near to it join, then all near to those, and so on; in each of these steps in ascending order of ids. An item that is marked
/// as no duplicate of a member does not join, and is left for a later group. So without marks the groups are the connected components of the
/// graph of near pairs, and no near pair is ever in two groups; and whatever the marks, no group has a marked pair. An item alone is no group.
/// </para>
/// <para>
/// A chain of near items is one group although its ends may be far apart; each member tells its distance to the first. Keep d small: near
/// duplicates are wanted, not a class.
/// </para>
/// </remarks>
public static class NearDuplicates
{
    // Bits beyond a quarter of the code are hardly a duplicate's, and tables would not help to find them.
    private const int MostDistance = 32;
    private const int SeedsBetweenReports = 1 << 12;

    /// <summary>The greatest distance that can be searched for: a quarter of the code, and at most 32 bits.</summary>
    public static int MaxDistance(int bits) => Math.Min(bits / 4, MostDistance);

    /// <summary>Finds all groups.</summary>
    /// <param name="items">The items.</param>
    /// <param name="distance">Greatest distance of near items in bits, 0 to <see cref="MaxDistance"/>.</param>
    /// <param name="notDuplicates">Pairs of ids that are not to be in one group; null for none. Ids that no item has do no harm.</param>
    /// <param name="progress">Told now and then how many items were looked at; null for nobody.</param>
    /// <param name="cancellationToken">Looked at for each different code, and between the steps before: a second for some millions of codes.</param>
    /// <returns>The groups in ascending order of their smallest ids.</returns>
    /// <exception cref="ArgumentException">There are more or fewer ids than codes, or an id comes twice.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The distance is out of range.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static IReadOnlyList<DuplicateGroup> Find(
        IdentifiedCodes items,
        int distance,
        IEnumerable<(long First, long Second)>? notDuplicates = null,
        Action<int>? progress = null,
        CancellationToken cancellationToken = default) =>
        Find(items, distance, notDuplicates, progress, ScanKernel.Best, cancellationToken);

    internal static IReadOnlyList<DuplicateGroup> Find(
        IdentifiedCodes items,
        int distance,
        IEnumerable<(long First, long Second)>? notDuplicates,
        Action<int>? progress,
        ScanKernel kernel,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(items);
        ArgumentOutOfRangeException.ThrowIfNegative(distance);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(distance, MaxDistance(items.Codes.Bits));
        long[] ids = Sorted(items, out int[] order);
        cancellationToken.ThrowIfCancellationRequested();
        var codes = EqualCodes.Of(items.Codes, order);
        cancellationToken.ThrowIfCancellationRequested();
        var growth = new GroupGrowth(ids, codes, distance, new NotDuplicates(notDuplicates ?? []), kernel, cancellationToken);
        var groups = new List<DuplicateGroup>();
        for (int item = 0; item < ids.Length; item++)
        {
            if (item % SeedsBetweenReports == 0)
            {
                progress?.Invoke(item);
            }

            if (growth.From(item, cancellationToken) is { } group)
            {
                groups.Add(group);
            }
        }

        progress?.Invoke(ids.Length);
        return groups;
    }

    /// <summary>The ids in ascending order, and where each stands in the codes.</summary>
    private static long[] Sorted(IdentifiedCodes items, out int[] order)
    {
        if (items.Ids.Count != items.Codes.Count)
        {
            throw new ArgumentException($"There are {items.Ids.Count} ids and {items.Codes.Count} codes.", nameof(items));
        }

        long[] ids = [.. items.Ids];
        order = [.. Enumerable.Range(0, ids.Length)];
        Array.Sort(ids, order);
        for (int i = 1; i < ids.Length; i++)
        {
            if (ids[i] == ids[i - 1])
            {
                throw new ArgumentException($"The id {ids[i]} comes twice.", nameof(items));
            }
        }

        return ids;
    }
}
