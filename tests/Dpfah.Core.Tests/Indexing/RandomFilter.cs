using Dpfah.Core.Indexing;
using Dpfah.Core.Indexing.Filters;

namespace Dpfah.Core.Tests.Indexing;

/// <summary>A filter beside what it means, as a plain predicate.</summary>
internal sealed record RandomFilter(ItemFilter Filter, Func<IndexEntry<Item>, bool> Passes)
{
    /// <summary>Draws a filter over the fields of <see cref="Item"/> and over item numbers from 0 to <paramref name="ids"/>.</summary>
    public static RandomFilter Draw(Random random, int ids, int depth = 3)
    {
        switch (random.Next(depth == 0 ? 6 : 9))
        {
            case 0:
                int[] labels = [.. Enumerable.Range(0, random.Next(4)).Select(_ => random.Next(5))];
                return new(ItemFilter.In("label", labels.Select(l => FieldValue.Of(l))), e => labels.Contains(e.Item.Label));
            case 1:
                string name = $"{random.Next(ids)}/{random.Next(10)}";
                bool withName = random.Next(2) == 0, isLeast = random.Next(2) == 0;
                return new(
                    isLeast ? ItemFilter.Between("name", FieldValue.Of(name), null, withFrom: withName) : ItemFilter.Between("name", null, FieldValue.Of(name), withTo: withName),
                    e => string.CompareOrdinal(e.Item.Name, name) is var order && (order == 0 ? withName : order > 0 == isLeast));
            case 2:
                double from = random.Next(ids), to = from + random.Next(ids / 3);
                bool withFrom = random.Next(2) == 0, withTo = random.Next(2) == 0;
                return new(
                    ItemFilter.Between("part", FieldValue.Of(from), FieldValue.Of(to), withFrom, withTo),
                    e => e.Item.Name.Split(' ', '/').Any(p => double.TryParse(p, out double n)
                        && (withFrom ? n >= from : n > from) && (withTo ? n <= to : n < to)));
            case 3:
                return random.Next(4) switch
                {
                    0 => new(ItemFilter.Exists("even"), e => e.Item.Label % 2 == 0),
                    1 => new(ItemFilter.Exists("no such field"), _ => false),
                    2 => new(ItemFilter.In("even", FieldValue.Null), e => e.Item.Label == 0),
                    _ => new(ItemFilter.In("even", FieldValue.Of(true), FieldValue.Of("true")), e => e.Item.Label is 2 or 4),
                };
            case 4:
                long[] wanted = [.. Enumerable.Range(0, random.Next(6)).Select(_ => (long)random.Next(ids))];
                return new(ItemFilter.Ids(wanted), e => wanted.Contains(e.Id));
            case 5:
                long residue = random.Next(10);
                long[] many = [.. Enumerable.Range(0, ids).Select(i => (long)i).Where(i => i % 10 != residue)];
                return new(ItemFilter.Ids(many), e => many.Contains(e.Id));
            case 6:
                RandomFilter inner = Draw(random, ids, depth - 1);
                return new(ItemFilter.Not(inner.Filter), e => !inner.Passes(e));
            case 7:
                RandomFilter[] all = [.. Enumerable.Range(0, random.Next(4)).Select(_ => Draw(random, ids, depth - 1))];
                return new(ItemFilter.All(all.Select(f => f.Filter)), e => all.All(f => f.Passes(e)));
            default:
                RandomFilter[] any = [.. Enumerable.Range(0, random.Next(4)).Select(_ => Draw(random, ids, depth - 1))];
                return new(ItemFilter.Any(any.Select(f => f.Filter)), e => any.Any(f => f.Passes(e)));
        }
    }
}
