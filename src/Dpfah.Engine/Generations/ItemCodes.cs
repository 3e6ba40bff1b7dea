using Dpfah.Core.Codes;
using Dpfah.Core.Imaging;
using Dpfah.Engine.Data;
using Dpfah.Engine.Data.Entities;
using Dpfah.Engine.Search;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Generations;

/// <summary>
/// The codes of one item in all generations, for the length of one transaction that changes it. Every generation that has a code of
/// the item, or gets one, gets a log row, so that its digest stays true whether it is live or not.
/// </summary>
internal sealed class ItemCodes
{
    private readonly DpfahContext context;
    private readonly Item item;
    private readonly List<StoredCode> codes;
    private readonly Dictionary<int, long> before;

    private ItemCodes(DpfahContext context, Item item, List<StoredCode> codes)
    {
        this.context = context;
        this.item = item;
        this.codes = codes;
        before = codes.ToDictionary(code => code.GenerationId, code => DigestOf(code));
    }

    /// <summary>Those of a new item: none yet.</summary>
    public static ItemCodes None(DpfahContext context, Item item) => new(context, item, []);

    /// <summary>Reads them, before the item's labels are changed; those of deleted generations are about to be removed, and left alone.</summary>
    /// <param name="context">In the transaction of the write.</param>
    /// <param name="item">The item, locked.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<ItemCodes> ReadAsync(DpfahContext context, Item item, CancellationToken cancellationToken) =>
        new(context, item, await context.Codes.AsTracking()
            .Where(c => c.ItemNumber == item.Number
                && context.Generations.Any(g => g.Id == c.GenerationId && g.State != GenerationState.Deleted))
            .ToListAsync(cancellationToken));

    /// <summary>The item's code in a generation; null when it has none there.</summary>
    public StoredCode? In(Generation generation) => codes.Find(code => code.GenerationId == generation.Id);

    /// <summary>
    /// Puts the codes of other bytes in: into all live generations. A code in any other generation would be that of bytes which are
    /// gone: it is removed, so that the item counts as missing there.
    /// </summary>
    /// <param name="live">The live generations.</param>
    /// <param name="byModel">The new codes by the numbers of the models.</param>
    public void Put(LiveGenerations live, IReadOnlyDictionary<int, ImageCode> byModel)
    {
        foreach (Generation generation in live.All)
        {
            ImageCode made = byModel[generation.ModelId];
            StoredCode? stored = In(generation);
            if (stored is null)
            {
                stored = new StoredCode
                {
                    GenerationId = generation.Id,
                    ItemNumber = item.Number,
                    Code = made.Code.ToBytes(),
                    Signature = made.Signature.ToBytes(),
                };
                context.Codes.Add(stored);
                codes.Add(stored);
            }
            else
            {
                (stored.Code, stored.Signature) = (made.Code.ToBytes(), made.Signature.ToBytes());
            }
        }

        foreach (StoredCode stale in codes.Where(code => live.All.All(generation => generation.Id != code.GenerationId)).ToList())
        {
            context.Codes.Remove(stale);
            codes.Remove(stale);
        }
    }

    /// <summary>Adds the log rows of a change of codes or labels.</summary>
    /// <param name="live">The live generations.</param>
    /// <param name="now">The time, UTC.</param>
    /// <returns>The active generation's row, which has its position once it is saved.</returns>
    public Change LogPut(LiveGenerations live, DateTime now) => Log(live, ChangeKind.Put, now);

    /// <summary>Adds the log rows of the item's deletion, which removes the codes as well.</summary>
    /// <inheritdoc cref="LogPut"/>
    public Change LogDelete(LiveGenerations live, DateTime now)
    {
        codes.Clear();
        return Log(live, ChangeKind.Delete, now);
    }

    private Change Log(LiveGenerations live, ChangeKind kind, DateTime now)
    {
        Dictionary<int, long> after = codes.ToDictionary(code => code.GenerationId, code => DigestOf(code));
        Change? active = null;
        foreach (int generationId in before.Keys.Union(after.Keys))
        {
            bool was = before.TryGetValue(generationId, out long old);
            bool stays = after.TryGetValue(generationId, out long current);
            var change = new Change
            {
                CollectionId = item.CollectionId,
                GenerationId = generationId,
                ItemNumber = item.Number,
                Kind = stays ? kind : ChangeKind.Delete,
                DigestDelta = old ^ current,
                CountDelta = (stays ? 1 : 0) - (was ? 1 : 0),
                CreatedAt = now,
            };
            context.Changes.Add(change);
            active = generationId == live.Active.Id ? change : active;
        }

        return active ?? throw new InvalidOperationException($"Item {item.Number} has no code in the active generation {live.Active.Id}.");
    }

    private long DigestOf(StoredCode code) =>
        ItemDigest.Of(item.Number, BinaryCode.FromBytes(code.Code), BinaryCode.FromBytes(code.Signature), item.Labels);
}
