using Dpfah.Core.Models;
using Dpfah.Learning.Datasets;
using Dpfah.Learning.Encoders;
using Dpfah.Learning.Models;

namespace Dpfah.Learning.Tests.Encoders;

public sealed class FashionModelTests
{
    private readonly ModelDescription description = ModelHead.Read(FashionModel.Files.HeadPath).Description;

    [Fact]
    public void It_is_dpfah_with_attention_at_64_bits()
    {
        Assert.Equal((FashionModel.Name, "dpfah", 64), (description.Name, description.Method, description.Bits));
        Assert.True(description.Backbone.Attention);
        Assert.Equal(FashionMnist.ClassNames, description.Classes);
        Assert.Equal("fashion-mnist", description.Parameters["dataset"]);
        Assert.NotNull(ModelHead.Read(FashionModel.Files.HeadPath).ClassLayer);
    }

    [Fact]
    public void Its_files_belong_together_and_are_in_half_precision()
    {
        Assert.Equal(description.Backbone.Digest, BackboneFile.Digest(FashionModel.Files.BackbonePath));
        Assert.All(SafetensorsFile.Open(FashionModel.Files.BackbonePath).Tensors, tensor => Assert.Equal(tensor.Shape.Count == 4 ? "F16" : "F32", tensor.DType));
        Assert.InRange(new FileInfo(FashionModel.Files.BackbonePath).Length, 20 << 20, 22 << 20);
    }
}
