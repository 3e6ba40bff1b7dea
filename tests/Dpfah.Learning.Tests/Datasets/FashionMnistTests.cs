using Dpfah.Learning.Datasets;

namespace Dpfah.Learning.Tests.Datasets;

public sealed class FashionMnistTests : IDisposable
{
    private readonly IdxFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Pool_holds_training_pictures_then_test_pictures(bool zipped)
    {
        if (zipped)
        {
            folder.Gzip(IdxFolder.TrainImages);
            folder.Gzip(IdxFolder.TestLabels);
        }

        FashionMnist pool = FashionMnist.Load(folder.Path);

        Assert.Equal(30, pool.Count);
        Assert.Equal(Enumerable.Range(0, 30).Select(i => (byte)(i % 10)), pool.Labels);
        Assert.All(Enumerable.Range(0, 30), i => Assert.Equal(Enumerable.Repeat((byte)i, 784), pool.Pixels(i).ToArray()));
    }

    [Theory]
    [InlineData(IdxFolder.TrainImages)]
    [InlineData(IdxFolder.TestLabels)]
    public void A_missing_file_is_named_with_the_way_to_get_it(string name)
    {
        File.Delete(folder.File(name));

        var error = Assert.Throws<FileNotFoundException>(() => FashionMnist.Load(folder.Path));

        Assert.StartsWith($"'{folder.File(name)}' is missing", error.Message);
        Assert.Contains("apt-get install dataset-fashion-mnist", error.Message);
        Assert.Contains(IdxFolder.TestImages, error.Message);
    }

    [Fact]
    public void A_truncated_file_is_named()
    {
        using (FileStream stream = File.OpenWrite(folder.File(IdxFolder.TestImages)))
        {
            stream.SetLength(stream.Length - 1);
        }

        AssertDamaged(IdxFolder.TestImages, "ends before its last element");
    }

    [Fact]
    public void A_truncated_gzip_file_is_named()
    {
        folder.Gzip(IdxFolder.TrainImages);
        using (FileStream stream = File.OpenWrite(folder.File(IdxFolder.TrainImages + ".gz")))
        {
            stream.SetLength(stream.Length / 2);
        }

        AssertDamaged(IdxFolder.TrainImages + ".gz", "is damaged");
    }

    [Fact]
    public void A_file_that_goes_on_is_named()
    {
        File.AppendAllText(folder.File(IdxFolder.TrainLabels), "x");
        AssertDamaged(IdxFolder.TrainLabels, "goes on after its 20 elements");
    }

    [Fact]
    public void A_file_of_another_kind_is_named()
    {
        File.Copy(folder.File(IdxFolder.TrainLabels), folder.File(IdxFolder.TrainImages), overwrite: true);
        AssertDamaged(IdxFolder.TrainImages, "magic number is 0x00000801");
    }

    [Fact]
    public void A_dimension_without_end_is_refused_before_it_is_allocated()
    {
        folder.Write(IdxFolder.TrainImages, 3, [int.MaxValue, 28, 28], []);
        AssertDamaged(IdxFolder.TrainImages, "dimension 0 is 2147483647");
    }

    [Fact]
    public void Another_picture_size_is_named()
    {
        folder.Write(IdxFolder.TestImages, 3, [10, 14, 28], new byte[10 * 14 * 28]);
        AssertDamaged(IdxFolder.TestImages, "28 x 14 pixels");
    }

    [Fact]
    public void Labels_without_pictures_are_named()
    {
        folder.Write(IdxFolder.TestLabels, 1, [11], new byte[11]);
        AssertDamaged(IdxFolder.TestImages, "10 pictures");
    }

    [Fact]
    public void A_label_out_of_range_is_named()
    {
        folder.Write(IdxFolder.TestLabels, 1, [10], [0, 1, 2, 10, 4, 5, 6, 7, 8, 9]);
        AssertDamaged(IdxFolder.TestLabels, "picture 3 the label 10");
    }

    private void AssertDamaged(string name, string detail)
    {
        var error = Assert.Throws<InvalidDataException>(() => FashionMnist.Load(folder.Path));
        Assert.StartsWith($"'{folder.File(name)}'", error.Message);
        Assert.Contains(detail, error.Message);
    }
}
