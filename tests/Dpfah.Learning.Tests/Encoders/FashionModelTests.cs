using Dpfah.Core.Models;
using Dpfah.Learning.Datasets;
using Dpfah.Learning.Encoders;
using Dpfah.Learning.Evaluation;
using Dpfah.Learning.Models;
using Dpfah.Learning.Tests.Native;
using Dpfah.Learning.Training;

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
    public void The_report_has_its_own_figures()
    {
        string cell = Path.Combine(DotnetBuild.Repository, "docs", "reproduction", "fashion-mnist", "cells", "dpfah-64-s1-half", "evaluation.json");

        EvaluationReport report = EvaluationReport.FromJson(File.ReadAllText(cell));

        Assert.Equal(TrainedModel.Digest(Path.GetDirectoryName(FashionModel.Files.HeadPath)!), report.Model);
        Assert.InRange(report.PreviewMap!.Value, 0.8, 0.9);
    }

    [Fact]
    public void Its_files_belong_together_and_are_in_half_precision()
    {
        Assert.Equal(description.Backbone.Digest, BackboneFile.Digest(FashionModel.Files.BackbonePath));
        Assert.All(SafetensorsFile.Open(FashionModel.Files.BackbonePath).Tensors, tensor => Assert.Equal(tensor.Shape.Count == 4 ? "F16" : "F32", tensor.DType));
        Assert.InRange(new FileInfo(FashionModel.Files.BackbonePath).Length, 20 << 20, 22 << 20);
    }
}
