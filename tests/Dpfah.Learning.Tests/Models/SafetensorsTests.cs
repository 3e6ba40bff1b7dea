using System.Text;
using Dpfah.Core.Models;
using Dpfah.Learning.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Tests.Models;

public sealed class SafetensorsTests : IDisposable
{
    private readonly TestFolder folder = new();
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose()
    {
        scope.Dispose();
        folder.Dispose();
    }

    [Theory]
    [InlineData(ScalarType.Float64, "F64")]
    [InlineData(ScalarType.Float32, "F32")]
    [InlineData(ScalarType.Float16, "F16")]
    [InlineData(ScalarType.BFloat16, "BF16")]
    [InlineData(ScalarType.Int64, "I64")]
    [InlineData(ScalarType.Int32, "I32")]
    [InlineData(ScalarType.Int16, "I16")]
    [InlineData(ScalarType.Int8, "I8")]
    [InlineData(ScalarType.Byte, "U8")]
    [InlineData(ScalarType.Bool, "BOOL")]
    public void A_tensor_of_every_type_comes_back_bit_for_bit(ScalarType type, string name)
    {
        Tensor tensor = arange(-3, 9).view(3, 4).to_type(type);
        string path = folder.File("one.safetensors");

        SafetensorsWriter.Write(path, new Dictionary<string, Tensor> { ["t"] = tensor });

        Assert.Equal(name, Assert.Single(SafetensorsFile.Open(path).Tensors).DType);
        Tensor read = SafetensorsReader.Read(path)["t"];
        Assert.Equal(type, read.dtype);
        Assert.Equal(tensor.shape, read.shape);
        Assert.Equal(tensor.bytes.ToArray(), read.bytes.ToArray());
    }

    [Fact]
    public void Scalars_empty_tensors_and_views_keep_shape_and_values()
    {
        var tensors = new Dictionary<string, Tensor>
        {
            ["scalar"] = tensor(2.5f),
            ["empty"] = zeros(0, 3),
            ["view"] = arange(12).view(3, 4).t()[1..3],
            ["name with \"quotes\" and ü"] = ones(1),
        };
        string path = folder.File("some.safetensors");

        SafetensorsWriter.Write(path, tensors);

        IReadOnlyDictionary<string, Tensor> read = SafetensorsReader.Read(path);
        Assert.Equal(tensors.Keys.Order(StringComparer.Ordinal), read.Keys.Order(StringComparer.Ordinal));
        Assert.All(tensors, pair => Assert.True(pair.Value.Equals(read[pair.Key]) && pair.Value.shape.SequenceEqual(read[pair.Key].shape)));
    }

    [Fact]
    public void The_header_is_aligned_and_keeps_the_metadata()
    {
        string path = folder.File("one.safetensors");

        var metadata = new Dictionary<string, string> { ["dpfah"] = "{\"a\":1}" };
        SafetensorsWriter.Write(path, new Dictionary<string, Tensor> { ["t"] = ones(3) }, metadata);

        SafetensorsFile file = SafetensorsFile.Open(path);
        Assert.Equal("{\"a\":1}", Assert.Single(file.Metadata).Value);
        Assert.Equal(0, file.Tensors[0].Offset % 8);
    }

    [Fact]
    public void The_digest_does_not_depend_on_metadata_or_the_order_of_names()
    {
        Tensor a = ones(2), b = zeros(3);
        SafetensorsWriter.Write(folder.File("1"), new Dictionary<string, Tensor> { ["a"] = a, ["b"] = b });
        var metadata = new Dictionary<string, string> { ["x"] = "y" };
        SafetensorsWriter.Write(folder.File("2"), new Dictionary<string, Tensor> { ["b"] = b, ["a"] = a }, metadata);
        SafetensorsWriter.Write(folder.File("3"), new Dictionary<string, Tensor> { ["a"] = b[..2], ["b"] = b });

        Assert.Equal(BackboneFile.Digest(folder.File("1")), BackboneFile.Digest(folder.File("2")));
        Assert.NotEqual(BackboneFile.Digest(folder.File("1")), BackboneFile.Digest(folder.File("3")));
    }

    [Fact]
    public void A_file_is_replaced_in_one_step_and_leaves_nothing_behind()
    {
        string path = folder.File("one.safetensors");
        SafetensorsWriter.Write(path, new Dictionary<string, Tensor> { ["t"] = ones(3) });
        Tensor complex = zeros(2, dtype: ScalarType.ComplexFloat32);

        Assert.Throws<ArgumentException>(() => SafetensorsWriter.Write(path, new Dictionary<string, Tensor> { ["t"] = complex }));
        Assert.Throws<DivideByZeroException>(() => AtomicFile.Write(path, _ => throw new DivideByZeroException()));

        Assert.Equal(path, Assert.Single(Directory.GetFiles(folder.Path)));
        Assert.True(SafetensorsReader.Read(path)["t"].Equals(ones(3)));
    }

    [Fact]
    public void Reading_into_tensors_converts_types_and_keeps_the_tensors()
    {
        string path = folder.File("half.safetensors");
        SafetensorsWriter.Write(path, new Dictionary<string, Tensor> { ["t"] = full(3, 0.5, dtype: ScalarType.Float16) });
        Tensor parameter = zeros(3, requires_grad: true);

        SafetensorsReader.ReadInto(path, new Dictionary<string, Tensor> { ["t"] = parameter });

        Assert.Equal([0.5f, 0.5f, 0.5f], parameter.data<float>().ToArray());
        Assert.True(parameter.requires_grad);
    }

    [Fact]
    public void What_does_not_fit_is_named_and_nothing_is_read()
    {
        string path = folder.File("other.safetensors");
        SafetensorsWriter.Write(path, new Dictionary<string, Tensor> { ["extra"] = ones(1), ["fits"] = ones(1), ["shaped"] = ones(2, 3) });
        Tensor fits = zeros(1);

        InvalidDataException error = Assert.Throws<InvalidDataException>(() => SafetensorsReader.ReadInto(
            path, new Dictionary<string, Tensor> { ["fits"] = fits, ["lacking"] = zeros(1), ["shaped"] = zeros(3, 2) }));

        Assert.Equal(
            "other.safetensors does not fit the network: 'lacking' is missing; 'extra' is not expected; "
            + "'shaped' has the shape [2, 3], expected [3, 2].",
            error.Message);
        Assert.Equal(0, fits.item<float>());
    }

    [Theory]
    [InlineData("short")]
    [InlineData("a text that is no safetensors file at all")]
    public void A_file_of_something_else_is_refused(string content)
    {
        string path = folder.File("text.safetensors");
        File.WriteAllText(path, content, Encoding.ASCII);

        Assert.Throws<InvalidDataException>(() => SafetensorsReader.Read(path));
    }
}
