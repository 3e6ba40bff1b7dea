using System.Collections.Immutable;
using Dpfah.Api.Images;
using Dpfah.Core.Imaging;

namespace Dpfah.FunctionalTests.Restarts.Reference;

/// <summary>A picture of the reference.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Picture">Number of the picture.</param>
/// <param name="Labels">Its labels.</param>
/// <param name="Number">What its metadata is made of; null for none.</param>
internal sealed record Entry(string Id, int Picture, string[] Labels, int? Number)
{
    /// <summary>The metadata as it is sent and told.</summary>
    public string? Metadata => MetadataOf(Number);

    public static string? MetadataOf(int? number) => number is null ? null : $"{{\"n\":{number},\"s\":\"m{number % 3}\"}}";

    /// <summary>Whether a put of the other would change nothing.</summary>
    public bool IsSameAs(Entry other) =>
        (Id, Picture, Number) == (other.Id, other.Picture, other.Number) && Labels.SequenceEqual(other.Labels);
}

/// <summary>What a collection is meant to be, said as plainly as can be: a list in item order, searched by sorting all of it.</summary>
/// <param name="Items">The pictures, in the order in which they came.</param>
/// <param name="Model">The model that answers.</param>
internal sealed record ReferenceCatalogue(ImmutableList<Entry> Items, string Model)
{
    public Entry? Find(string id) => Items.Find(item => item.Id == id);

    /// <summary>A new picture comes last; one that replaces another stays where it was.</summary>
    public ReferenceCatalogue Put(Entry entry) =>
        this with { Items = Find(entry.Id) is { } old ? Items.Replace(old, entry) : Items.Add(entry) };

    public ReferenceCatalogue Delete(string id) => this with { Items = Items.RemoveAll(item => item.Id == id) };

    /// <summary>What an import makes of it, and what the job counts.</summary>
    /// <param name="upload">The entries; one whose picture is negative is no picture.</param>
    /// <param name="replace">Whether pictures that the upload lacks are deleted.</param>
    public (ReferenceCatalogue After, int Indexed, int Unchanged, int Rejected, int Deleted) Import(IReadOnlyList<Entry> upload, bool replace)
    {
        List<Entry> good = [.. upload.Where(entry => entry.Picture >= 0)];
        int unchanged = good.Count(entry => Find(entry.Id)?.IsSameAs(entry) == true);
        List<Entry> lacking = replace ? [.. Items.Where(item => upload.All(entry => entry.Id != item.Id))] : [];
        ReferenceCatalogue after = good.Aggregate(this, (catalogue, entry) => catalogue.Put(entry));
        return (after with { Items = after.Items.RemoveRange(lacking) }, good.Count - unchanged, unchanged, upload.Count - good.Count, lacking.Count);
    }

    /// <summary>The whole ranking: by distance, then by fine distance if there is one, then in item order.</summary>
    public List<(string Id, int Distance, int? FineDistance)> Rank(KnownPictures pictures, ImageCode query, bool fine, Operation limits, string? without) =>
    [
        .. Items
            .Where(item => item.Id != without && (limits.Labels is null or [] || item.Labels.Any(limits.Labels.Contains)))
            .Where(item => limits.Number is null || item.Number >= limits.Number)
            .Select(item => (item.Id, Code: pictures.Code(item.Picture, Model)))
            .Select(item => (
                item.Id,
                Distance: item.Code.Code.HammingDistance(query.Code),
                Fine: fine ? item.Code.Signature.HammingDistance(query.Signature) : (int?)null))
            .Where(ranked => limits.Radius is null || ranked.Distance <= limits.Radius)
            .OrderBy(ranked => ranked.Distance).ThenBy(ranked => ranked.Fine), // Stable: ties stay in item order.
    ];

    /// <summary>Whether a picture is told as it is.</summary>
    public bool IsToldBy(Entry item, ImageResponse told, KnownPictures pictures)
    {
        ImageCode code = pictures.Code(item.Picture, Model);
        return (item.Id, item.Metadata, pictures.Sha256(item.Picture), code.Code.ToString(), code.Signature.ToString())
                == (told.Id, told.Metadata?.GetRawText(), told.Sha256, told.Code, told.Signature)
            && item.Labels.SequenceEqual(told.Labels);
    }

    /// <summary>Whether the service lists just this, in this order.</summary>
    public bool IsToldBy(IReadOnlyList<ImageResponse> listed, KnownPictures pictures) =>
        listed.Count == Items.Count && Items.Zip(listed).All(pair => IsToldBy(pair.First, pair.Second, pictures));

    public override string ToString() =>
        $"{Model}: {string.Join(", ", Items.Select(item => $"{item.Id}={item.Picture}[{string.Join('|', item.Labels)}]{item.Metadata}"))}";
}
