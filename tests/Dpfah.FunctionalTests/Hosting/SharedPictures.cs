using Dpfah.Api.Images;

namespace Dpfah.FunctionalTests.Hosting;

/// <summary>A collection of some hundred pictures with labels and metadata, which tests only read.</summary>
public sealed record SharedPictures(string Name, IReadOnlyList<ImageResponse> Images)
{
    /// <summary>Pictures in the collection.</summary>
    public const int Count = 500;

    private static readonly string[] Labels = ["dog", "cat", "Dog", "wild cat"];

    /// <summary>Bytes of the n-th picture, whose id is <c>p{n}</c>.</summary>
    public static byte[] Picture(int n) => Pictures.Png(n);

    /// <summary>Metadata of the n-th picture; null for every third.</summary>
    public static string? Metadata(int n) => n % 3 == 0
        ? null
        : $"{{\"n\":{n},\"model\":\"m{n % 20}\",\"sizes\":[\"S\",{n % 5}],\"$new\":{(n % 2 == 0 ? "true" : "null")}{(n % 4 == 0 ? ",\"sku\":{\"a\":1}" : "")}}}";

    /// <summary>Makes a collection, fills it and reads it back in item order.</summary>
    internal static async Task<SharedPictures> CreateAsync(ApiClient client)
    {
        string name = await client.CreateCollectionAsync();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, Count),
            new ParallelOptions { MaxDegreeOfParallelism = 16 },
            async (n, _) => await client.AddAsync(name, $"p{n}", Picture(n), LabelsOf(n), Metadata(n)));
        List<ImageResponse> images = await client.ListAsync(name);
        Assert.Equal(Count, images.Count);
        Assert.Equal(Count, images.DistinctBy(image => image.Signature).Count());
        Assert.InRange(images.DistinctBy(image => image.Code).Count(), 2, 256);

        // From here on each search sees them all.
        string position = (await client.PutAsync(name, "p0", Picture(0), LabelsOf(0), Metadata(0))).Read<ImageResponse>().Position!;
        (await client.SearchAsync(Picture(0), $"?collection={name}&minPosition={position}")).AssertStatus(System.Net.HttpStatusCode.OK);
        return new SharedPictures(name, images);
    }

    private static string[] LabelsOf(int n) => [.. Labels.Where((_, bit) => ((n * 7) >> bit) % 2 == 1)];
}
