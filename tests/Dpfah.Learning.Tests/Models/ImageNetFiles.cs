using Dpfah.Learning.Models;

namespace Dpfah.Learning.Tests.Models;

/// <summary>The pretrained backbone, converted once for all tests that need it.</summary>
public sealed class ImageNetFiles : IDisposable
{
    private readonly TestFolder folder = new();

    public ImageNetFiles()
    {
        TwoBlocks = folder.File("two.safetensors");
        ThreeBlocks = folder.File("three.safetensors");
        TwoBlocksDigest = ImageNetBackbone.Write(2, TwoBlocks);
        ThreeBlocksDigest = ImageNetBackbone.Write(3, ThreeBlocks);
    }

    public string TwoBlocks { get; }

    public string TwoBlocksDigest { get; }

    public string ThreeBlocks { get; }

    public string ThreeBlocksDigest { get; }

    public void Dispose() => folder.Dispose();
}
