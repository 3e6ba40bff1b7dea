namespace Dpfah.Learning.Datasets;

/// <summary>
/// Fashion-MNIST (Xiao, Rasul, Vollgraf 2017; MIT licence): 70,000 grey pictures of 28 x 28 pixels in ten balanced classes.
/// One pool: the 60,000 training pictures in file order, then the 10,000 test pictures. A picture's number in the pool is its index.
/// </summary>
public sealed class FashionMnist
{
    /// <summary>Height and width of a picture in pixels.</summary>
    public const int Side = 28;

    /// <summary>Where Debian's package <c>dataset-fashion-mnist</c> puts the files.</summary>
    public const string DebianFolder = "/usr/share/datasets/fashion-mnist";

    /// <summary>Name of the data set.</summary>
    public const string Name = "fashion-mnist";

    private static readonly string[] Parts = ["train", "t10k"];

    private readonly byte[] pixels;
    private readonly byte[] labels;

    private FashionMnist(byte[] pixels, byte[] labels)
    {
        this.pixels = pixels;
        this.labels = labels;
    }

    /// <summary>What it is and where it is to be had.</summary>
    public static DatasetOrigin Origin { get; } = new(
        "Fashion-MNIST",
        $"Debian and Ubuntu: apt-get install dataset-fashion-mnist, which puts them into {DebianFolder}; " +
        "otherwise see https://github.com/zalandoresearch/fashion-mnist.",
        [.. Parts.SelectMany(p => new[] { $"{p}-images-idx3-ubyte", $"{p}-labels-idx1-ubyte" })]);

    /// <summary>Names of the ten classes, by label.</summary>
    public static IReadOnlyList<string> ClassNames { get; } =
        ["t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle-boot"];

    /// <summary>Pictures in the pool.</summary>
    public int Count => labels.Length;

    /// <summary>Class of each picture, 0 to 9, by index.</summary>
    public IReadOnlyList<byte> Labels => labels;

    /// <summary>One picture, row by row, 784 bytes: 0 is background, 255 the brightest cloth.</summary>
    public ReadOnlySpan<byte> Pixels(int index) => pixels.AsSpan(index * Side * Side, Side * Side);

    /// <summary>
    /// Name of a picture: its class and its index in the pool, as in the bundled sample, such as <c>ankle-boot/00017.png</c>.
    /// </summary>
    public string NameOf(int index) => $"{ClassNames[labels[index]]}/{index:00000}.png";

    /// <summary>The pool as a data set of RGB pictures, each channel the grey value.</summary>
    public Dataset ToDataset() =>
        new(Name, ClassNames, multiLabel: false, new FashionMnistPictures(this), [.. labels.Select(l => new int[] { l })]);

    /// <summary>Reads the four IDX files, gzipped or not.</summary>
    /// <param name="folder">Folder that holds them under their published names.</param>
    /// <exception cref="FileNotFoundException">A file is missing; the message says which, and where to get them.</exception>
    /// <exception cref="InvalidDataException">A file is damaged; the message says which and where.</exception>
    public static FashionMnist Load(string folder)
    {
        var pixels = new List<byte[]>();
        var labels = new List<byte[]>();
        foreach (string part in Parts)
        {
            string imagePath = Find(folder, $"{part}-images-idx3-ubyte");
            string labelPath = Find(folder, $"{part}-labels-idx1-ubyte");
            IdxFile images = IdxFile.Read(imagePath, rank: 3);
            IdxFile classes = IdxFile.Read(labelPath, rank: 1);
            if (images.Shape[1] != Side || images.Shape[2] != Side)
            {
                throw new InvalidDataException(
                    $"'{imagePath}' holds pictures of {images.Shape[2]} x {images.Shape[1]} pixels, expected {Side} x {Side}.");
            }

            if (images.Shape[0] != classes.Shape[0])
            {
                throw new InvalidDataException(
                    $"'{imagePath}' holds {images.Shape[0]} pictures, '{labelPath}' {classes.Shape[0]} labels.");
            }

            int wrong = classes.Data.AsSpan().IndexOfAnyExceptInRange((byte)0, (byte)(ClassNames.Count - 1));
            if (wrong >= 0)
            {
                throw new InvalidDataException(
                    $"'{labelPath}' gives picture {wrong} the label {classes.Data[wrong]}; labels are 0 to {ClassNames.Count - 1}.");
            }

            pixels.Add(images.Data);
            labels.Add(classes.Data);
        }

        return new FashionMnist([.. pixels[0], .. pixels[1]], [.. labels[0], .. labels[1]]);
    }

    private static string Find(string folder, string name)
    {
        string path = Path.Combine(folder, name);
        if (File.Exists(path))
        {
            return path;
        }

        if (File.Exists(path + ".gz"))
        {
            return path + ".gz";
        }

        throw Origin.Missing(path, ", with and without .gz");
    }
}
