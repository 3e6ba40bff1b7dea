using System.Text.Json.Nodes;
using Dpfah.Learning.Losses;
using Dpfah.Learning.Training;

namespace Dpfah.Learning.Tests.Training;

public sealed class TrainingOptionsTests
{
    [Fact]
    public void A_run_file_repeats_a_run()
    {
        var options = new TrainingOptions { Method = "hashnet", Loss = new JsonObject { ["alpha"] = 0.2 }, Bits = 48, Seed = 7 };

        TrainingOptions read = TrainingOptions.FromJson(options.ToJson());

        Assert.Equal(options.ToJson(), read.ToJson());
        Assert.Equal(7.5, read.Loss["stages"]!.GetValue<double>());
    }

    [Theory]
    [InlineData("""{"method":"dpfha"}""", "method is 'dpfha'")]
    [InlineData("""{"bits":50}""", "bits is 50")]
    [InlineData("""{"imageSide":60}""", "imageSide is 60")]
    [InlineData("""{"backbone":"alexnet"}""", "weights is 'imagenet'")]
    [InlineData("""{"batchsize":1,"epochs":0}""", "epochs is 0")]
    [InlineData("""{"batches":1}""", "batches")]
    [InlineData("""{"loss":{"etta":1}}""", "eta = 10")]
    [InlineData("""{"method":"dsh","loss":{"eta":1}}""", "alpha = 0.1")]
    [InlineData("[1]", "cannot be read")]
    [InlineData("""{"augmentation":7}""", "augmentation")]
    [InlineData("""{"attention":{"mode":1}}""", "attention.mode")]
    [InlineData("""{"loss":{"pairs":1}}""", "pairs = bank (or batch)")]
    [InlineData("""{"backbone":"alexnet","weights":"random","attention":{"mode":"residual"}}""", "attention is residual; alexnet has no place for it: use 'off'")]
    public void A_wrong_option_is_told(string json, string expected) =>
        Assert.Contains(expected, Assert.Throws<ArgumentException>(() => TrainingOptions.FromJson(json)).Message);

    [Fact]
    public void A_run_of_AlexNet_says_that_it_has_no_attention()
    {
        var options = new TrainingOptions { Method = "dpfah", Backbone = "alexnet", Weights = "random" };

        Assert.Equal("off", JsonNode.Parse(options.ToJson())!["attention"]!["mode"]!.GetValue<string>());
    }

    [Fact]
    public void Learning_rate_falls_in_steps()
    {
        var options = new TrainingOptions { LearningRate = 1, LearningRateStep = 50 };

        Assert.Equal([1, 1, 0.1, 0.01], new[] { 0, 49, 50, 100 }.Select(epoch => Math.Round(options.LearningRateOf(epoch), 9)));
        Assert.Equal(1, (options with { LearningRateStep = 0 }).LearningRateOf(1000));
    }

    [Theory]
    [InlineData(150, new[] { 0, 19, 20, 149 }, new[] { 1.0, 1, 2, 8 })]
    [InlineData(30, new[] { 0, 3, 4, 29 }, new[] { 1.0, 1, 2, 8 })]
    public void The_continuation_of_HashNet_scales_with_the_epochs(int epochs, int[] at, double[] squares)
    {
        using var loss = new HashNetLoss(new HashNetOptions());
        for (int i = 0; i < at.Length; i++)
        {
            loss.BeginEpoch(at[i], epochs);
            Assert.Equal(squares[i], loss.Scale * loss.Scale, 9);
        }
    }
}
