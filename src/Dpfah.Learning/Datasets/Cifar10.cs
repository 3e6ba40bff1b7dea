using Dpfah.Learning.Imaging;

namespace Dpfah.Learning.Datasets;

/// <summary>
/// CIFAR-10 (Krizhevsky 2009) in its binary form: 60,000 pictures of 32 x 32 pixels in ten balanced classes.
/// One pool: the 50,000 training pictures in file order, then the 10,000 test pictures.
/// </summary>
/// <remarks>A file is 10,000 records of 3,073 bytes: the label, then 1,024 red, 1,024 green and 1,024 blue bytes, row by row.</remarks>
public static class Cifar10
{
    /// <summary>Name of the data set.</summary>
    public const string Name = "cifar10";

    /// <summary>Height and width of a picture in pixels.</summary>
    public const int Side = 32;

    internal const int RecordBytes = 1 + (3 * Side * Side);

    private const int FileRecords = 10_000;

    /// <summary>What it is and where it is to be had.</summary>
    public static DatasetOrigin Origin { get; } = new(
        "CIFAR-10 (binary version)",
        "Get https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz, unpack it, and give its folder cifar-10-batches-bin.",
        ["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin"]);

    /// <summary>Names of the ten classes, by label.</summary>
    public static IReadOnlyList<string> ClassNames { get; } =
        ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

    /// <summary>Reads the six files.</summary>
    /// <param name="folder">Folder that holds them under their published names.</param>
    /// <returns>The pool; a picture's name is its class and its index in the pool, such as <c>frog/00000</c>.</returns>
    /// <exception cref="FileNotFoundException">A file is missing; the message says which, and where to get them.</exception>
    /// <exception cref="InvalidDataException">A file has another size, or a record a label out of range; the message says where.</exception>
    public static Dataset Load(string folder) => Load(folder, FileRecords);

    /// <param name="folder">Folder of the files.</param>
    /// <param name="fileRecords">Records of each file; tests have fewer.</param>
    internal static Dataset Load(string folder, int fileRecords)
    {
        byte[][] files = [.. Origin.Files.Select(name => ReadFile(Path.Combine(folder, name), fileRecords))];
        var pictures = new Records(files, fileRecords);
        int[][] labels = [.. Enumerable.Range(0, pictures.Count).Select(i => new[] { pictures.LabelOf(i) })];
        return new Dataset(Name, ClassNames, multiLabel: false, pictures, labels);
    }

    private static byte[] ReadFile(string path, int records)
    {
        if (!File.Exists(path))
        {
            throw Origin.Missing(path);
        }

        long length = new FileInfo(path).Length;
        if (length != (long)records * RecordBytes)
        {
            throw new InvalidDataException(
                $"'{path}' has {length} bytes, expected {(long)records * RecordBytes}: {records} records of {RecordBytes} bytes. Get it anew.");
        }

        byte[] bytes = File.ReadAllBytes(path);
        for (int i = 0; i < records; i++)
        {
            byte label = bytes[i * RecordBytes];
            if (label >= ClassNames.Count)
            {
                throw new InvalidDataException(
                    $"'{path}' gives record {i} the label {label}; labels are 0 to {ClassNames.Count - 1}. Get it anew.");
            }
        }

        return bytes;
    }

    private sealed class Records(byte[][] files, int fileRecords) : IPictureSource
    {
        public int Count => files.Length * fileRecords;

        public int LabelOf(int index) => Record(index)[0];

        public string NameOf(int index) => $"{ClassNames[LabelOf(index)]}/{index:00000}";

        public RgbImage Read(int index)
        {
            const int plane = Side * Side;
            ReadOnlySpan<byte> planes = Record(index)[1..];
            var pixels = new byte[3 * plane];
            for (int i = 0; i < plane; i++)
            {
                pixels[3 * i] = planes[i];
                pixels[(3 * i) + 1] = planes[plane + i];
                pixels[(3 * i) + 2] = planes[(2 * plane) + i];
            }

            return new RgbImage(Side, Side, pixels);
        }

        private ReadOnlySpan<byte> Record(int index) =>
            files[index / fileRecords].AsSpan(index % fileRecords * RecordBytes, RecordBytes);
    }
}
