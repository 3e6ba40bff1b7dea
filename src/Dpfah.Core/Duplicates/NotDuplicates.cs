namespace Dpfah.Core.Duplicates;

/// <summary>Pairs of items that somebody marked as no duplicates of each other.</summary>
/// <param name="pairs">The pairs; in which order the two are named does not matter.</param>
internal sealed class NotDuplicates(IEnumerable<(long First, long Second)> pairs)
{
    private readonly ILookup<long, long> others = pairs.SelectMany(pair => new[] { pair, (pair.Second, pair.First) }).ToLookup(pair => pair.Item1, pair => pair.Item2);

    /// <summary>Whether an item is in a pair.</summary>
    public bool Names(long id) => others.Contains(id);

    /// <summary>The items that one is no duplicate of.</summary>
    public IEnumerable<long> Of(long id) => others[id];
}
