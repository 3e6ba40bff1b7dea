using Dpfah.Engine.Auditing;
using Dpfah.Engine.Data;
using Dpfah.Engine.Data.Entities;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Duplicates;

/// <summary>Pairs of pictures that somebody marked as no duplicates. They hold for the pictures, whatever codes these get.</summary>
public sealed class NotDuplicateStore
{
    private readonly Database database;
    private readonly TimeProvider clock;

    internal NotDuplicateStore(Database database, TimeProvider clock)
    {
        this.database = database;
        this.clock = clock;
    }

    /// <summary>Marks a pair; again is no error.</summary>
    /// <param name="collectionId">The collection.</param>
    /// <param name="first">Public id of one picture.</param>
    /// <param name="second">Public id of another.</param>
    /// <param name="createdBy">Name of the key that marks; null without keys.</param>
    /// <param name="cancellationToken">Gives up before the commit.</param>
    /// <returns>The ids of which there is no picture; empty when the pair is marked now.</returns>
    public Task<IReadOnlyList<string>> AddAsync(
        int collectionId, string first, string second, string? createdBy, CancellationToken cancellationToken) => database.WriteAsync(
        async (context, token) =>
        {
            (Pair? pair, IReadOnlyList<string> missing) = await FindAsync(context, collectionId, first, second, token);
            if (pair is { } found)
            {
                await MarkAsync(context, collectionId, found.First, found.Second, createdBy, clock.GetUtcNow().UtcDateTime, token);
            }

            return missing;
        },
        cancellationToken);

    /// <summary>Marks two items in a transaction of the caller, in whichever order; again is no error.</summary>
    internal static async Task MarkAsync(
        DpfahContext context, int collectionId, long one, long other, string? createdBy, DateTime now, CancellationToken cancellationToken)
    {
        (long first, long second) = (Math.Min(one, other), Math.Max(one, other));
        if (!await context.NotDuplicates.AnyAsync(n => n.FirstItem == first && n.SecondItem == second, cancellationToken))
        {
            context.NotDuplicates.Add(new NotDuplicate
            {
                CollectionId = collectionId,
                FirstItem = first,
                SecondItem = second,
                CreatedBy = createdBy,
                CreatedAt = now,
            });
            await context.SaveChangesAsync(cancellationToken);
        }
    }

    /// <summary>Takes a mark back.</summary>
    /// <param name="collectionId">The collection.</param>
    /// <param name="collection">Its name.</param>
    /// <param name="first">Public id of one picture.</param>
    /// <param name="second">Public id of the other.</param>
    /// <param name="by">Name of the key that asks.</param>
    /// <param name="cancellationToken">Gives up before the commit.</param>
    /// <returns>Whether the pair was marked.</returns>
    public Task<bool> RemoveAsync(
        int collectionId, string collection, string first, string second, string? by, CancellationToken cancellationToken) => database.WriteAsync(
        async (context, token) =>
        {
            (Pair? pair, _) = await FindAsync(context, collectionId, first, second, token);
            if (pair is not { } found)
            {
                return false;
            }

            IQueryable<NotDuplicate> marks = context.NotDuplicates.Where(n => n.FirstItem == found.First && n.SecondItem == found.Second);
            NotDuplicate? mark = await marks.SingleOrDefaultAsync(token);
            if (mark is null || await marks.ExecuteDeleteAsync(token) == 0)
            {
                return false;
            }

            var before = new { First = first, Second = second, mark.CreatedBy, mark.CreatedAt };
            AuditTrail.Add(context, new AuditLine(by, AuditActions.NotDuplicateDeleted, collection, first, before), clock.GetUtcNow().UtcDateTime);
            await context.SaveChangesAsync(token);
            return true;
        },
        cancellationToken);

    /// <summary>Marked pairs of a collection, by item numbers.</summary>
    /// <param name="collectionId">The collection.</param>
    /// <param name="after">Item numbers of the last pair that is known; zeros for none.</param>
    /// <param name="limit">Most pairs to return.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public Task<List<NotDuplicateRecord>> ListAsync(
        int collectionId, (long First, long Second) after, int limit, CancellationToken cancellationToken) => database.ReadAsync(
        (context, token) => context.NotDuplicates
            .Where(n => n.CollectionId == collectionId && (n.FirstItem > after.First || (n.FirstItem == after.First && n.SecondItem > after.Second)))
            .OrderBy(n => n.FirstItem).ThenBy(n => n.SecondItem).Take(limit)
            .Join(context.Items, n => n.FirstItem, i => i.Number, (n, i) => new { n, First = i.PublicId })
            .Join(context.Items, x => x.n.SecondItem, i => i.Number, (x, i) => new { x.n, x.First, Second = i.PublicId })
            .OrderBy(x => x.n.FirstItem).ThenBy(x => x.n.SecondItem)
            .Select(x => new NotDuplicateRecord(x.n.FirstItem, x.n.SecondItem, x.First, x.Second, x.n.CreatedBy, x.n.CreatedAt)).ToListAsync(token),
        cancellationToken);

    private static async Task<(Pair? Pair, IReadOnlyList<string> Missing)> FindAsync(
        DpfahContext context, int collectionId, string first, string second, CancellationToken cancellationToken)
    {
        Dictionary<string, long> numbers = await context.Items
            .Where(i => i.CollectionId == collectionId && (i.PublicId == first || i.PublicId == second))
            .ToDictionaryAsync(i => i.PublicId, i => i.Number, StringComparer.Ordinal, cancellationToken);
        string[] missing = [.. new[] { first, second }.Where(id => !numbers.ContainsKey(id))];
        return missing.Length > 0
            ? (null, missing)
            : (new Pair(Math.Min(numbers[first], numbers[second]), Math.Max(numbers[first], numbers[second])), missing);
    }

    private readonly record struct Pair(long First, long Second);
}

/// <summary>A pair of pictures that are no duplicates.</summary>
/// <param name="FirstNumber">The smaller item number.</param>
/// <param name="SecondNumber">The larger item number.</param>
/// <param name="First">Public id of the picture that came first.</param>
/// <param name="Second">Public id of the other.</param>
/// <param name="CreatedBy">Name of the key that marked them; null without keys.</param>
/// <param name="CreatedAt">When, UTC.</param>
public sealed record NotDuplicateRecord(
    long FirstNumber, long SecondNumber, string First, string Second, string? CreatedBy, DateTime CreatedAt);
