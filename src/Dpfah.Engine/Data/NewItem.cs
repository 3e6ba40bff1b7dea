using Dpfah.Core.Imaging;
using Dpfah.Engine.Data.Entities;
using Dpfah.Engine.Search;

namespace Dpfah.Engine.Data;

/// <summary>An item with all its rows, to be inserted in bulk.</summary>
/// <param name="Item">The item; its number is given by the database when it is inserted.</param>
/// <param name="Preview">Its preview.</param>
/// <param name="Codes">Its codes by the numbers of the generations that get them.</param>
internal sealed record NewItem(Item Item, Preview Preview, IReadOnlyList<(int GenerationId, ImageCode Code)> Codes)
{
    /// <summary>What the item adds to the digest of a generation; its number must be known.</summary>
    public long DigestOf(ImageCode code) => ItemDigest.Of(Item.Number, code.Code, code.Signature, Item.Labels);
}
