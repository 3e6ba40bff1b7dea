using System.Buffers.Binary;
using System.IO.Compression;

namespace Dpfah.Learning.Tests.Datasets;

/// <summary>A temporary folder with a small data set in Fashion-MNIST's format; deleted with the object.</summary>
internal sealed class IdxFolder : IDisposable
{
    public const string TrainImages = "train-images-idx3-ubyte";
    public const string TrainLabels = "train-labels-idx1-ubyte";
    public const string TestImages = "t10k-images-idx3-ubyte";
    public const string TestLabels = "t10k-labels-idx1-ubyte";

    /// <summary>Picture i has the label i % 10, and its every pixel is i % 251.</summary>
    public IdxFolder(int train = 20, int test = 10)
    {
        Write(TrainImages, 3, [train, 28, 28], Pixels(0, train));
        Write(TrainLabels, 1, [train], Labels(0, train));
        Write(TestImages, 3, [test, 28, 28], Pixels(train, test));
        Write(TestLabels, 1, [test], Labels(train, test));
    }

    public string Path { get; } = Directory.CreateTempSubdirectory("dpfah-idx-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Write(string name, int rank, int[] shape, byte[] data)
    {
        using FileStream stream = System.IO.File.Create(File(name));
        Span<byte> word = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(word, 0x0800 | rank);
        stream.Write(word);
        foreach (int length in shape)
        {
            BinaryPrimitives.WriteInt32BigEndian(word, length);
            stream.Write(word);
        }

        stream.Write(data);
    }

    public void Gzip(string name)
    {
        using (FileStream source = System.IO.File.OpenRead(File(name)))
        using (var target = new GZipStream(System.IO.File.Create(File(name + ".gz")), CompressionLevel.Fastest))
        {
            source.CopyTo(target);
        }

        System.IO.File.Delete(File(name));
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);

    private static byte[] Pixels(int first, int count) =>
        [.. Enumerable.Range(first, count).SelectMany(i => Enumerable.Repeat((byte)(i % 251), 28 * 28))];

    private static byte[] Labels(int first, int count) => [.. Enumerable.Range(first, count).Select(i => (byte)(i % 10))];
}
