using Dpfah.Learning.Datasets;
using Dpfah.Learning.Imaging;

namespace Dpfah.Learning.Tests.Datasets;

public sealed class Cifar10Tests : IDisposable
{
    private const int FileRecords = 3;

    private readonly TestFolder folder = new();

    public Cifar10Tests()
    {
        for (int file = 0; file < Cifar10.Origin.Files.Count; file++)
        {
            File.WriteAllBytes(
                folder.File(Cifar10.Origin.Files[file]),
                [.. Enumerable.Range(file * FileRecords, FileRecords).SelectMany(Record)]);
        }
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Pool_holds_training_pictures_then_test_pictures()
    {
        Dataset pool = Cifar10.Load(folder.Path, FileRecords);

        Assert.Equal("cifar10", pool.Name);
        Assert.Equal(18, pool.Count);
        Assert.Equal(18, pool.Pictures.Count);
        Assert.False(pool.MultiLabel);
        Assert.Equal(Enumerable.Range(0, 18).Select(i => i % 10), Enumerable.Range(0, 18).Select(i => pool.LabelsOf(i).Single()));
        Assert.Equal("airplane/00000", pool.Pictures.NameOf(0));
        Assert.Equal("ship/00008", pool.Pictures.NameOf(8));
        Assert.Equal("horse/00017", pool.Pictures.NameOf(17));
    }

    [Fact]
    public void Planes_become_pixels()
    {
        RgbImage picture = Cifar10.Load(folder.Path, FileRecords).Pictures.Read(16);

        Assert.Equal((32, 32), (picture.Width, picture.Height));
        for (int i = 0; i < 1024; i++)
        {
            Assert.Equal([Value(16, 0, i), Value(16, 1, i), Value(16, 2, i)], picture.Pixels.Slice(3 * i, 3).ToArray());
        }
    }

    [Theory]
    [InlineData("data_batch_1.bin")]
    [InlineData("test_batch.bin")]
    public void A_missing_file_is_named_with_the_way_to_get_it(string name)
    {
        File.Delete(folder.File(name));

        var error = Assert.Throws<FileNotFoundException>(() => Cifar10.Load(folder.Path, FileRecords));

        Assert.StartsWith($"'{folder.File(name)}' is missing", error.Message);
        Assert.Contains("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz", error.Message);
        Assert.Contains("data_batch_5.bin", error.Message);
    }

    [Fact]
    public void A_file_of_another_size_is_named_with_both_sizes()
    {
        var error = Assert.Throws<InvalidDataException>(() => Cifar10.Load(folder.Path));

        Assert.Equal(
            $"'{folder.File("data_batch_1.bin")}' has 9219 bytes, expected 30730000: 10000 records of 3073 bytes. Get it anew.", error.Message);
    }

    [Fact]
    public void A_label_out_of_range_is_named_with_its_record()
    {
        byte[] bytes = File.ReadAllBytes(folder.File("data_batch_2.bin"));
        bytes[2 * 3073] = 10;
        File.WriteAllBytes(folder.File("data_batch_2.bin"), bytes);

        var error = Assert.Throws<InvalidDataException>(() => Cifar10.Load(folder.Path, FileRecords));

        Assert.StartsWith($"'{folder.File("data_batch_2.bin")}' gives record 2 the label 10; labels are 0 to 9.", error.Message);
    }

    private static IEnumerable<byte> Record(int index) =>
        [(byte)(index % 10), .. Enumerable.Range(0, 3).SelectMany(plane => Enumerable.Range(0, 1024).Select(i => Value(index, plane, i)))];

    private static byte Value(int index, int plane, int position) => (byte)(index + (80 * plane) + (position * 7));
}
