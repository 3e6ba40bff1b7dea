using System.Security.Cryptography;
using Dpfah.Core.Imaging;
using Dpfah.FunctionalTests.Generations;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.Learning.Imaging;
using Dpfah.TestHost;

namespace Dpfah.FunctionalTests.Restarts.Reference;

/// <summary>The pictures that clients of the reference send, with all that a service can make of them.</summary>
internal sealed class KnownPictures
{
    /// <summary>How many there are; their numbers begin at 0.</summary>
    public const int Count = 64;

    /// <summary>The first model, and the one beside it.</summary>
    public static readonly string[] Models = [HashEncoding.FirstModel, "other-64"];

    private readonly List<(byte[] Bytes, string Sha256, byte[] Preview, Dictionary<string, ImageCode> Codes)> pictures = [];

    public KnownPictures()
    {
        var previews = new PreviewMaker(ImageDecoders.Create(ImageDecoders.Skia));
        foreach (byte[] bytes in Enumerable.Range(0, Count).Select(Pictures.Png))
        {
            byte[] preview = previews.Make(bytes).Preview!.Jpeg;
            pictures.Add((
                bytes,
                Convert.ToHexStringLower(SHA256.HashData(bytes)),
                preview,
                Models.ToDictionary(model => model, model => GenerationOrders.CodeOf(preview, model))));
        }
    }

    public byte[] Bytes(int picture) => pictures[picture].Bytes;

    public string Sha256(int picture) => pictures[picture].Sha256;

    public byte[] Preview(int picture) => pictures[picture].Preview;

    public ImageCode Code(int picture, string model) => pictures[picture].Codes[model];
}
