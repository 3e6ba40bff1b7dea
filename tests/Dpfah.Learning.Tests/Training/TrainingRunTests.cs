using System.Text.Json.Nodes;
using Dpfah.Learning.Datasets;
using Dpfah.Learning.Encoders;
using Dpfah.Learning.Losses;
using Dpfah.Learning.Networks;
using Dpfah.Learning.Training;

namespace Dpfah.Learning.Tests.Training;

[Collection(ProcessState.Name)] // libtorch's random numbers and threads
public sealed class TrainingRunTests : IDisposable
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
        Augmentation = Augmentation.CropAndFlip,
    };

    private readonly TestFolder folder = new();

    public static TheoryData<string> Methods => [.. HashingMethod.All.Select(method => method.Name)];

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Methods))]
    public void A_broken_off_run_ends_with_the_weights_of_an_unbroken_one(string method)
    {
        TrainingOptions options = Tiny with { Method = method };
        string whole = Train(options, "whole");

        Assert.ThrowsAny<OperationCanceledException>(() => Train(options, "broken", stopAfterEpoch: 1));
        Assert.True(File.Exists(folder.File(Path.Combine("broken", "checkpoint.safetensors"))));
        string resumed = Train(options, "broken");

        Assert.Equal(whole, resumed);
        Assert.Equal([1, 2, 3], Run(options, "broken").Reports().Select(report => report.Epoch));
        Assert.False(File.Exists(folder.File(Path.Combine("broken", "checkpoint.safetensors"))));
    }

    [Fact]
    public void Another_seed_gives_other_weights() =>
        Assert.NotEqual(Train(Tiny with { Epochs = 1 }, "a"), Train(Tiny with { Epochs = 1, Seed = 2 }, "b"));

    [Fact]
    public void The_loss_falls()
    {
        TrainingOptions options = Tiny with { Epochs = 8, LearningRate = 1e-3, Augmentation = Augmentation.None };
        Train(options, "run");

        IReadOnlyList<EpochReport> reports = Run(options, "run").Reports();
        Assert.Equal(8, reports.Count);
        Assert.True(reports[^1].Loss < reports[0].Loss, $"{reports[0].Loss} -> {reports[^1].Loss}");
        Assert.Equal(["L1", "L2", "L3"], reports[0].Parts.Keys);
        Assert.All(reports, report => Assert.Equal(24, report.Pictures));
    }

    [Fact]
    public void A_finished_model_opens_as_an_encoder()
    {
        Train(Tiny with { Epochs = 1 }, "run");
        string model = Run(Tiny, "run").ModelFolder;

        ModelHead head = ModelHead.Read(TrainedModel.Files(model).HeadPath);

        Assert.Equal(("dpfah", 16, "dpfah-noise-16"), (head.Description.Method, head.Description.Bits, head.Description.Name));
        Assert.Equal(3, head.Description.Classes.Count);
        Assert.Equal(3 * 512, head.ClassLayer!.Value.Weight.Length);
        Assert.True(head.Description.Backbone.Attention);
        Assert.Equal("10", head.Description.Parameters["loss.eta"]);
        Assert.Equal("0", head.Description.Parameters["learningRateStep"]);
    }

    [Theory]
    [InlineData(AlexNet.Architecture, 64, AttentionMode.Off)]
    [InlineData(ResNet18.Architecture, 32, AttentionMode.Only)]
    public void A_network_that_only_experiments_have_is_resumed_and_opened_too(string backbone, int side, AttentionMode attention)
    {
        TrainingOptions options = Tiny with
        {
            Method = "dbdh",
            Backbone = backbone,
            ImageSide = side,
            Epochs = 2,
            Attention = new AttentionOptions(attention),
        };
        string whole = Train(options, "whole");

        Assert.ThrowsAny<OperationCanceledException>(() => Train(options, "broken", stopAfterEpoch: 1));
        Assert.Equal(whole, Train(options, "broken"));

        using TrainedModel model = TrainedModel.Open(Run(options, "whole").ModelFolder, options);
        using TorchSharp.torch.Tensor features = model.Features(new NoisePictures(24, 3).ForTraining().Pictures, null, CancellationToken.None);
        Assert.Equal([24, model.HashLayer.Features], features.shape);
        Assert.Contains(
            "epochs is 3, in the model it is 2",
            Assert.Throws<InvalidDataException>(() => TrainedModel.Open(Run(options, "whole").ModelFolder, options with { Epochs = 3 })).Message);
    }

    [Fact]
    public void A_class_layer_on_the_code_trains_the_hash_layer_through_the_classes()
    {
        // Without pairs and quantisation there is no other way from the loss to the hash layer.
        TrainingOptions options = Tiny with { ClassesFromCode = true, Method = "dpfah", Loss = new JsonObject { ["eta"] = 0 } };
        string whole = Train(options, "whole");
        Assert.ThrowsAny<OperationCanceledException>(() => Train(options, "broken", stopAfterEpoch: 1));
        Assert.Equal(whole, Train(options, "broken"));
        Assert.NotEqual(whole, Train(options with { ClassesFromCode = false }, "feature"));

        string model = Run(options, "whole").ModelFolder;
        ModelHead head = ModelHead.Read(TrainedModel.Files(model).HeadPath);
        Assert.Empty(head.Description.Classes); // Services explain classes by the feature: here there is nothing to give them.
        Assert.Null(head.ClassLayer);
        using TrainedModel opened = TrainedModel.Open(model, options);
        Assert.Equal(16, opened.HashLayer.Bits);
    }

    [Fact]
    public void A_finished_model_is_not_taken_for_that_of_a_run_file_that_was_changed()
    {
        Train(Tiny, "run");
        (TrainingOptions Options, string Difference)[] changed =
        [
            (Tiny with { Epochs = 9 }, "epochs is 9, in the model it is 3"),
            (Tiny with { ImageSide = 64 }, "imageSide is 64 of 73, in the model it is 32 of 37"),
            (Tiny with { LearningRateStep = 2 }, "learningRateStep is 2, in the model it is 0"),
            (Tiny with { Attention = AttentionOptions.None }, "attention is off, in the model it is residual (divisor M - 1, lambda 0.0001)"),
            (Tiny with { Bits = 32 }, "bits is 32, in the model it is 16"),
            (Tiny with { Method = "dhn", Attention = AttentionOptions.Paper }, "method is dhn, in the model it is dpfah"),
            (Tiny with { Loss = new JsonObject { ["eta"] = 5 } }, "loss.eta is 5, in the model it is 10"),
        ];
        Assert.All(changed, change =>
        {
            Assert.Contains(change.Difference, Assert.Throws<InvalidDataException>(() => Train(change.Options, "run")).Message);
            Assert.Contains(change.Difference, Assert.Throws<InvalidDataException>(() => TrainedModel.Open(Run(Tiny, "run").ModelFolder, change.Options)).Message);
        });
        Train(Tiny with { Threads = 2 }, "run"); // It is finished: threads no longer matter.
    }

    [Fact]
    public void A_multi_label_set_trains()
    {
        var run = new TrainingRun(folder.File("multi"), Tiny with { Epochs = 1 }, new NoisePictures(24, 4).ForTraining(multiLabel: true));

        run.Train(null, null, null, CancellationToken.None);

        Assert.True(run.IsFinished);
    }

    [Fact]
    public void A_loss_that_is_not_finite_stops_the_run_with_the_batch()
    {
        TrainingOptions options = Tiny with { Loss = new JsonObject { ["eta"] = 1e308, ["delta"] = 0 } };

        TrainingDivergedException error = Assert.Throws<TrainingDivergedException>(() => Train(options, "run"));

        Assert.Contains("epoch 1, batch 1", error.Message);
        Assert.Contains("noise/", error.Message);
    }

    [Fact]
    public void An_unreadable_picture_stops_the_run_with_its_name_and_the_checkpoint_stays()
    {
        var pictures = new NoisePictures(24, 3);
        var run = new TrainingRun(folder.File("run"), Tiny, pictures.ForTraining());

        InvalidDataException error = Assert.Throws<InvalidDataException>(() => run.Train(
            null, _ => pictures.Damaged = 7, null, CancellationToken.None));

        Assert.Contains("Training picture 7 ('noise/007.png') cannot be read in epoch 2", error.Message);
        pictures.Damaged = -1;
        Assert.Equal(Train(Tiny, "whole"), run.Train(null, null, null, CancellationToken.None));
    }

    [Fact]
    public void A_checkpoint_of_another_architecture_or_split_is_refused()
    {
        Assert.ThrowsAny<OperationCanceledException>(() => Train(Tiny, "run", stopAfterEpoch: 1));
        string path = folder.File(Path.Combine("run", "checkpoint.safetensors"));
        TrainingPictures pictures = new NoisePictures(24, 3).ForTraining();

        using var longer = new Trainer(Tiny with { Bits = 32 }, pictures);
        using var same = new Trainer(Tiny, pictures);

        Assert.Contains("bits is 32, there it was 16", Refusal(longer, "noise-split"));
        Assert.Contains("split", Refusal(same, "another-split"));

        string Refusal(Trainer trainer, string split) =>
            Assert.Throws<InvalidDataException>(() => Checkpoint.Read(path, trainer, split)).Message;
    }

    [Fact]
    public void A_damaged_checkpoint_is_told()
    {
        Assert.ThrowsAny<OperationCanceledException>(() => Train(Tiny, "run", stopAfterEpoch: 1));
        string path = folder.File(Path.Combine("run", "checkpoint.safetensors"));
        using (FileStream file = File.OpenWrite(path))
        {
            file.SetLength(file.Length - 1000);
        }

        Assert.Throws<InvalidDataException>(() => Train(Tiny, "run"));
    }

    [Fact]
    public void Pictures_held_out_are_not_trained_on_and_are_measured()
    {
        TrainingOptions options = Tiny with { HoldOut = 2, ValidateEvery = 2 };
        var seen = new List<(int Database, int Queries)>();

        Run(options, "run").Train(
            (_, database, queries, _) =>
            {
                seen.Add((database.Count, queries.Count));
                return new Dictionary<string, double> { ["map"] = 0.5 };
            },
            null,
            null,
            CancellationToken.None);

        Assert.Equal([(18, 6), (18, 6)], seen); // after epochs 2 and 3, the last
        Assert.Equal([null, 0.5, 0.5], Run(options, "run").Reports().Select(report => report.Validation?["map"]));
    }

    private TrainingRun Run(TrainingOptions options, string name) =>
        new(folder.File(name), options, new NoisePictures(24, 3).ForTraining());

    private string Train(TrainingOptions options, string name, int stopAfterEpoch = 0)
    {
        using var stop = new CancellationTokenSource();
        return Run(options, name).Train(
            null,
            report =>
            {
                if (report.Epoch == stopAfterEpoch)
                {
                    stop.Cancel();
                }
            },
            null,
            stop.Token);
    }
}
