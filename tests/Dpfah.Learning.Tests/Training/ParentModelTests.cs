using Dpfah.Core.Models;
using Dpfah.Learning.Datasets;
using Dpfah.Learning.Encoders;
using Dpfah.Learning.Hashing;
using Dpfah.Learning.Models;
using Dpfah.Learning.Training;

namespace Dpfah.Learning.Tests.Training;

[Collection(ProcessState.Name)] // libtorch's random numbers and threads
public sealed class ParentModelTests : IDisposable
{
    private static readonly TrainingOptions Tiny = new()
    {
        Bits = 16,
        Epochs = 2,
        BatchSize = 8,
        ImageSide = 32,
        Weights = "random",
        Threads = 1,
        Device = "cpu",
    };

    private readonly TestFolder folder = new();
    private readonly TrainingPictures pictures = new NoisePictures(24, 3).ForTraining();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_training_starts_from_the_weights_of_its_parent_and_is_resumed_to_the_same_ones()
    {
        ParentModel parent = Parent();
        TrainingOptions options = Tiny with { Parent = parent.Digest, Weights = TrainingOptions.OfParent, Seed = 2 };
        using (var trainer = new Trainer(options, pictures, parent))
        {
            Assert.Equal(parent.Head.HashLayer.Weight, HashFitting.Floats(trainer.Network.HashLayer.weight));
            Assert.Equal(parent.Head.HashLayer.Bias, HashFitting.Floats(trainer.Network.HashLayer.bias!));
            string backbone = folder.File("start.safetensors");
            SafetensorsWriter.Write(backbone, BackboneFile.Tensors(trainer.Network.Backbone));
            Assert.Equal(parent.Head.Description.Backbone.Digest, BackboneFile.Digest(backbone));
        }

        string whole = new TrainingRun(folder.File("whole"), options, pictures, parent, "second").Train(null, null, null, CancellationToken.None);
        using (var stop = new CancellationTokenSource())
        {
            Assert.ThrowsAny<OperationCanceledException>(
                () => new TrainingRun(folder.File("broken"), options, pictures, parent, "second").Train(null, _ => stop.Cancel(), null, stop.Token));
        }

        var resumed = new TrainingRun(folder.File("broken"), options, pictures, parent, "second");
        Assert.True(resumed.HasCheckpoint);
        Assert.Equal(whole, resumed.Train(null, null, null, CancellationToken.None));
        ModelDescription description = ModelHead.Read(TrainedModel.Files(resumed.ModelFolder).HeadPath).Description;
        Assert.Equal("second", description.Name);
        Assert.Equal(parent.Digest, description.Parameters["parent"]);
    }

    [Fact]
    public void Other_bits_take_the_backbone_alone()
    {
        ParentModel parent = Parent();
        using var trainer = new Trainer(Tiny with { Bits = 24, Parent = parent.Digest, Weights = TrainingOptions.OfParent }, pictures, parent);
        Assert.NotEqual(parent.Head.HashLayer.Weight.Take(512), HashFitting.Floats(trainer.Network.HashLayer.weight).Take(512));
    }

    [Fact]
    public void A_parent_that_the_options_do_not_name_is_refused()
    {
        ParentModel parent = Parent();
        Assert.Throws<ArgumentException>(() => new Trainer(Tiny, pictures, parent));
        Assert.Throws<ArgumentException>(() => new Trainer(Tiny with { Parent = parent.Digest, Weights = TrainingOptions.OfParent }, pictures));
        Assert.Contains("belong together", Assert.Throws<ArgumentException>(() => (Tiny with { Parent = parent.Digest }).ThrowIfInvalid()).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(UnsupervisedModel.Itq)]
    [InlineData(UnsupervisedModel.Pca)]
    [InlineData(UnsupervisedModel.Lsh)]
    public void A_hash_layer_is_fitted_behind_the_backbone_of_a_parent(string method)
    {
        ParentModel parent = Parent();
        string target = folder.File(method);
        TrainingOptions options = Tiny with { Parent = parent.Digest, Weights = TrainingOptions.OfParent };
        string digest = UnsupervisedModel.Fit(method, options, pictures, target, CancellationToken.None, parent, "fitted");

        ModelDescription description = ModelHead.Read(TrainedModel.Files(target).HeadPath).Description;
        Assert.Equal(("fitted", method), (description.Name, description.Method));
        Assert.Equal(parent.Head.Description.Backbone, description.Backbone);
        Assert.Equal(digest, TrainedModel.Digest(target));
        using TrainedModel model = TrainedModel.Open(ParentModel.Open(target), "cpu");
        Assert.Equal(16, model.HashLayer.Bits);
    }

    [Fact]
    public void Too_few_pictures_to_fit_on_are_told()
    {
        var error = Assert.Throws<InvalidDataException>(
            () => UnsupervisedModel.Fit(UnsupervisedModel.Itq, Tiny with { Bits = 24 }, pictures, folder.File("few"), CancellationToken.None));
        Assert.Equal("A hash layer of 24 bits is fitted on more than 24 pictures; there are 24.", error.Message);
    }

    private ParentModel Parent()
    {
        string path = folder.File("parent");
        if (!Directory.Exists(path))
        {
            var run = new TrainingRun(path, Tiny with { Epochs = 1 }, pictures);
            run.Train(null, null, null, CancellationToken.None);
        }

        return ParentModel.Open(Path.Combine(path, TrainingRun.ModelFolderName));
    }
}
