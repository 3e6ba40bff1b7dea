using Dpfah.Learning.Losses;
using Dpfah.Learning.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Tests.Training;

/// <summary>The recipe itself: what an epoch does to network, optimizer and loss.</summary>
[Collection(ProcessState.Name)] // libtorch's random numbers and threads
public sealed class TrainerTests
{
    private static readonly TrainingOptions Tiny = new()
    {
        Bits = 16,
        Epochs = 3,
        BatchSize = 8,
        ImageSide = 32,
        Weights = "random",
        Threads = 1,
        Device = "cpu",
    };

    [Fact]
    public void An_epoch_moves_every_weight_and_every_running_statistic()
    {
        using DisposeScope scope = NewDisposeScope();
        using Trainer trainer = Of(Tiny);
        Dictionary<string, Tensor> before = Copy(trainer);

        trainer.RunEpoch(null, CancellationToken.None);

        string[] network = [.. before.Keys.Where(name => name.StartsWith("network.", StringComparison.Ordinal))];
        Assert.Equal(40, network.Count(name => name.Contains(".running_", StringComparison.Ordinal))); // 20 batch norms: mean and variance
        Assert.All(network, name => Assert.True((trainer.State[name] - before[name]).abs().max().item<float>() > 0, $"{name} is as it was."));
    }

    [Fact]
    public void The_learning_rate_follows_its_schedule_and_so_do_the_weights()
    {
        using DisposeScope scope = NewDisposeScope();
        using Trainer trainer = Of(Tiny with { LearningRate = 1e-3, LearningRateStep = 1 });
        var rates = new List<double>();
        var moved = new List<double>();
        for (int epoch = 0; epoch < 3; epoch++)
        {
            Dictionary<string, Tensor> before = Copy(trainer);
            rates.Add(Math.Round(trainer.RunEpoch(null, CancellationToken.None).LearningRate, 9));
            moved.Add((trainer.State["network.backbone.conv1.weight"] - before["network.backbone.conv1.weight"]).abs().mean().item<float>());
        }

        Assert.Equal([1e-3, 1e-4, 1e-5], rates);
        Assert.True(moved[1] < moved[0] / 2 && moved[2] < moved[1] / 2, $"Mean steps of the first layer: {string.Join(", ", moved)}");
    }

    [Fact]
    public void The_continuation_of_HashNet_goes_on_from_epoch_to_epoch()
    {
        using Trainer trainer = Of(Tiny with { Method = "hashnet" });
        var loss = (HashNetLoss)trainer.Loss;

        trainer.RunEpoch(null, CancellationToken.None);
        double first = loss.Scale;
        trainer.RunEpoch(null, CancellationToken.None);

        Assert.Equal((1, Math.Sqrt(3)), (first, loss.Scale)); // β² is the number of the stage; 7.5 stages in 3 epochs
    }

    [Fact]
    public void The_discrete_codes_of_DSDH_are_found_when_the_second_epoch_begins()
    {
        using DisposeScope scope = NewDisposeScope();
        using Trainer trainer = Of(Tiny with { Method = "dsdh" });

        trainer.RunEpoch(null, CancellationToken.None);
        Tensor first = trainer.State["loss.B"].clone();
        trainer.RunEpoch(null, CancellationToken.None);

        Assert.Equal(0, first.abs().max().item<float>()); // The bank was empty.
        Assert.Equal(1, trainer.State["loss.B"].abs().min().item<float>());
    }

    [Fact]
    public void Weight_decay_draws_the_weights_towards_zero()
    {
        double[] lengths = [Length(0), Length(1e-5), Length(0.1)];

        Assert.NotEqual(lengths[0], lengths[1]);
        Assert.True(lengths[2] < 0.99 * lengths[0], $"|W| is {lengths[0]} without and {lengths[2]} with decay.");

        static double Length(double decay)
        {
            using DisposeScope scope = NewDisposeScope();
            using Trainer trainer = Of(Tiny with { WeightDecay = decay, LearningRate = 1e-3 });
            trainer.RunEpoch(null, CancellationToken.None);
            return trainer.State["network.hash_layer.weight"].to_type(ScalarType.Float64).abs().sum().item<double>();
        }
    }

    [Fact]
    public void A_weights_file_that_is_missing_is_told_with_what_may_stand_there() => Assert.Equal(
        "weights is '/nowhere/backbone.safetensors', and there is no such file; it is imagenet, random, or a backbone file.",
        Assert.Throws<FileNotFoundException>(() => Of(Tiny with { Weights = "/nowhere/backbone.safetensors" })).Message);

    private static Trainer Of(TrainingOptions options) => new(options, new NoisePictures(24, 3).ForTraining());

    private static Dictionary<string, Tensor> Copy(Trainer trainer) => trainer.State.ToDictionary(pair => pair.Key, pair => pair.Value.detach().clone());
}
