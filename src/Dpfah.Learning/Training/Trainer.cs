using System.Diagnostics;
using System.Runtime.InteropServices;
using Dpfah.Core.Models;
using Dpfah.Learning.Datasets;
using Dpfah.Learning.Imaging;
using Dpfah.Learning.Losses;
using Dpfah.Learning.Models;
using Dpfah.Learning.Native;
using Dpfah.Learning.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Training;

/// <summary>Algorithm 1: network, loss and optimizer, and one epoch after the other (method, section 5).</summary>
/// <remarks>
/// Sees training pictures only. The state after an epoch depends on the options and the pictures alone, on the CPU bit for bit, whether
/// the epochs ran in one process or went through a <see cref="Checkpoint"/>. One thread; a process trains one network at a time.
/// </remarks>
public sealed class Trainer : IDisposable
{
    private const int PicturesForSize = 256;

    private readonly HashingLoss loss;
    private readonly RmsProp optimizer;
    private readonly BatchLoader loader;
    private readonly Tensor labels;
    private readonly Device device;

    /// <summary>Builds the network with its first weights.</summary>
    /// <param name="options">What to train; checked.</param>
    /// <param name="pictures">What to train on.</param>
    /// <param name="parent">The model that <see cref="TrainingOptions.Parent"/> names; null where it names none.</param>
    /// <exception cref="ArgumentException">An option is out of range, or the parent is another than the options name.</exception>
    /// <exception cref="InvalidDataException">Too few pictures, or a file of weights that does not fit.</exception>
    /// <exception cref="InvalidOperationException">A device that is not there.</exception>
    public Trainer(TrainingOptions options, TrainingPictures pictures, ParentModel? parent = null)
    {
        options.ThrowIfInvalid();
        if (options.Parent != parent?.Digest)
        {
            throw new ArgumentException($"The options name the parent {options.Parent ?? "of none"}; given is {parent?.Digest ?? "none"}.", nameof(parent));
        }

        TorchRuntime.Initialize(options.Threads);
        Options = options;
        Pictures = pictures.Pictures;
        device = TorchDevice.Choose(options.Device).Device;
        HashingMethod method = HashingMethod.Named(options.Method);
        Preprocessing = PreprocessingOf(options);
        loader = new BatchLoader(Pictures, new NetworkInput(ImageDecoders.Create(ImageDecoders.Skia), Preprocessing), options);
        Network = NewNetwork.Create(options, Pictures.ClassNames.Count, parent);
        try
        {
            Network.to(device);
            ChannelsLast.Apply(Network);
            if (parent is not null && UnsupervisedModel.Methods.Contains(parent.Head.Description.Method) && parent.Head.HashLayer.Bits == options.Bits)
            {
                BringToUnitSize();
            }

            loss = method.CreateLoss(
                new LossShape(Pictures.Count, options.Bits, Pictures.ClassNames.Count, Pictures.Dataset.MultiLabel, device), options.Loss);
            optimizer = new RmsProp(Network.named_parameters().Select(p => (p.name, p.parameter as Tensor)), options.LearningRate, options.WeightDecay);
            labels = LabelMatrixOf(Pictures, device);
        }
        catch
        {
            optimizer?.Dispose();
            loss?.Dispose();
            Network.Dispose();
            throw;
        }

        // Reading the data set and the weights left some 300 MB of garbage, which would stay beside the tensors of the whole training.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive);
    }

    /// <summary>What is trained.</summary>
    public TrainingOptions Options { get; }

    /// <summary>What it is trained on.</summary>
    public PictureSet Pictures { get; }

    /// <summary>From a picture to the network's input when codes are computed: no augmentation.</summary>
    public Preprocessing Preprocessing { get; }

    /// <summary>The network; owned by the trainer.</summary>
    public DpfahNetwork Network { get; }

    /// <summary>Epochs done.</summary>
    public int EpochsDone { get; internal set; }

    /// <summary>The loss; owned by the trainer.</summary>
    internal HashingLoss Loss => loss;

    /// <summary>All tensors that a later epoch depends on, by name: the trainer's own, not copies.</summary>
    internal IReadOnlyDictionary<string, Tensor> State
    {
        get
        {
            var state = new Dictionary<string, Tensor>(StringComparer.Ordinal);
            foreach ((string name, Tensor tensor) in Network.state_dict().Where(p => !p.Key.EndsWith(".num_batches_tracked", StringComparison.Ordinal)))
            {
                state.Add($"network.{name}", tensor);
            }

            foreach ((string name, Tensor tensor) in optimizer.State)
            {
                state.Add($"optimizer.{name}", tensor);
            }

            foreach ((string name, Tensor tensor) in loss.State)
            {
                state.Add($"loss.{name}", tensor);
            }

            return state;
        }
    }

    /// <summary>Trains one epoch.</summary>
    /// <param name="progress">Told after each batch.</param>
    /// <param name="cancellationToken">Stops between batches; the epoch is then lost.</param>
    /// <exception cref="TrainingDivergedException">A loss or gradient is not finite.</exception>
    /// <exception cref="InvalidDataException">A picture cannot be read.</exception>
    public EpochReport RunEpoch(IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        int epoch = EpochsDone;
        manual_seed((long)((Options.Seed << 20) + (ulong)epoch)); // Dropout's; all else has generators of its own.
        Network.train();
        optimizer.LearningRate = Options.LearningRateOf(epoch);
        loss.BeginEpoch(epoch, Options.Epochs);
        var sums = new EpochSums();
        var clock = Stopwatch.StartNew();
        TimeSpan waited = TimeSpan.Zero;
        TimeSpan stepEnd = TimeSpan.Zero;
        foreach (Batch batch in loader.Epoch(epoch, cancellationToken))
        {
            waited += clock.Elapsed - stepEnd;
            Step(batch, epoch, sums);
            stepEnd = clock.Elapsed;
            double speed = sums.Pictures / clock.Elapsed.TotalSeconds;
            double left = (Pictures.Count - sums.Pictures) + ((double)(Options.Epochs - epoch - 1) * Pictures.Count);
            progress?.Report(new TrainingProgress(
                epoch + 1, Options.Epochs, sums.Pictures, Pictures.Count, sums.Loss, sums.Parts, speed, TimeSpan.FromSeconds(left / speed)));
        }

        cancellationToken.ThrowIfCancellationRequested();
        EpochsDone++;
        return new EpochReport
        {
            Epoch = EpochsDone,
            Epochs = Options.Epochs,
            Loss = sums.Loss,
            Parts = sums.Parts,
            LearningRate = optimizer.LearningRate,
            LargestGradient = sums.LargestGradient,
            Pictures = sums.Pictures,
            Seconds = Math.Round(clock.Elapsed.TotalSeconds, 3),
            WaitingShare = Math.Round(waited / clock.Elapsed, 4),
            PeakMemoryMiB = Math.Round(PeakMemory() / (1024.0 * 1024), 1),
        };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        labels.Dispose();
        optimizer.Dispose();
        loss.Dispose();
        Network.Dispose();
    }

    /// <summary>One batch: forward, loss, backward, and a step where all that came of it is finite.</summary>
    /// <param name="network">In training mode.</param>
    /// <param name="loss">The loss; its state is updated.</param>
    /// <param name="optimizer">Of the network's parameters.</param>
    /// <param name="images">Normalised pictures, shape (B, 3, H, W), channels last.</param>
    /// <param name="labels">y, shape (B, classes).</param>
    /// <param name="indices">Positions in the training set, shape (B).</param>
    internal static StepResult Step(
        DpfahNetwork network, HashingLoss loss, RmsProp optimizer, Tensor images, Tensor labels, Tensor indices)
    {
        using DisposeScope scope = NewDisposeScope();
        (_, Tensor u, Tensor o) = network.call(images);                             // (B, bits), (B, classes)
        LossValue value = loss.Compute(new LossBatch(u, o, labels, indices));
        double total = Number(value.Total);
        (string, double)[] parts = [.. value.Parts.Select(p => (p.Name, Number(p.Value)))];
        optimizer.ClearGradients();
        if (!double.IsFinite(total))
        {
            return new StepResult(total, parts, 0);
        }

        value.Total.backward();
        double norm = optimizer.GradientNorm();
        if (double.IsFinite(norm))
        {
            optimizer.Step();
        }

        optimizer.ClearGradients();
        return new StepResult(total, parts, norm);

        static double Number(Tensor scalar) => scalar.to_type(ScalarType.Float64).item<double>();
    }

    /// <summary>The preprocessing of the codes of a run.</summary>
    internal static Preprocessing PreprocessingOf(TrainingOptions options) => ImageNetBackbone.Preprocessing with
    {
        Resize = options.Augmentation == Augmentation.CropAndFlip ? (int)Math.Round(options.ImageSide * 256 / 224.0) : options.ImageSide,
        Crop = options.ImageSide,
    };

    /// <summary>
    /// Scales a hash layer that was fitted without labels, whose real codes are of any size, so that they are of size 1 in the mean: losses
    /// pull them there, and from afar they pull so hard that the network forgets what it knew. No code changes by it.
    /// </summary>
    private void BringToUnitSize()
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        using Encoders.FeatureExtractor extractor = TrainedModel.Open(this);
        PictureSet some = Pictures.Subset(Enumerable.Range(0, Math.Min(Pictures.Count, PicturesForSize)));
        Tensor features = extractor.Extract(some, null, CancellationToken.None).to(device);  // (n, features)
        double size = Network.HashLayer.call(features).abs().mean().to_type(ScalarType.Float64).item<double>();
        _ = Network.HashLayer.weight.MultiplyBy(1 / size);
        _ = Network.HashLayer.bias!.MultiplyBy(1 / size);
    }

    private static Tensor LabelMatrixOf(PictureSet pictures, Device device)
    {
        var values = new float[pictures.Count * pictures.ClassNames.Count];
        for (int i = 0; i < pictures.Count; i++)
        {
            foreach (int label in pictures.LabelsOf(i))
            {
                values[(i * pictures.ClassNames.Count) + label] = 1;
            }
        }

        using DisposeScope scope = NewDisposeScope();
        return tensor(values, [pictures.Count, pictures.ClassNames.Count]).to(device).DetachFromDisposeScope();
    }

    // Process.PeakWorkingSet64 is 0 on some systems.
    private static long PeakMemory()
    {
        using var process = Process.GetCurrentProcess();
        return Math.Max(process.PeakWorkingSet64, process.WorkingSet64);
    }

    private void Step(Batch batch, int epoch, EpochSums sums)
    {
        using DisposeScope scope = NewDisposeScope();
        int count = batch.Positions.Length;
        int side = Options.ImageSide;
        Tensor pixels = empty([count, 3, side, side], float32);                     // filled in place: tensor() would copy through an array
        batch.Pixels.AsSpan(0, count * 3 * side * side).CopyTo(MemoryMarshal.Cast<byte, float>(pixels.bytes));
        Tensor images = ChannelsLast.Of(pixels.to(device));                         // (B, 3, side, side)
        Tensor indices = tensor(Array.ConvertAll(batch.Positions, p => (long)p)).to(device);
        StepResult result = Step(Network, loss, optimizer, images, labels.index_select(0, indices), indices);
        if (!double.IsFinite(result.Loss))
        {
            throw Diverged("loss", result.Loss, result.Parts, batch, epoch, sums);
        }

        if (!double.IsFinite(result.GradientNorm))
        {
            throw Diverged("gradient", result.GradientNorm, result.Parts, batch, epoch, sums);
        }

        sums.Add(count, result);
    }

    private TrainingDivergedException Diverged(
        string what, double value, (string Name, double Value)[] parts, Batch batch, int epoch, EpochSums sums)
    {
        string terms = string.Join(", ", parts.Select(p => $"{p.Name} = {p.Value:G6}"));
        string names = string.Join(", ", batch.Positions.Take(3).Select(Pictures.NameOf));
        return new TrainingDivergedException(
            $"The {what} is {value} in epoch {epoch + 1}, batch {sums.Batches + 1} ({terms}; pictures {names}, …). " +
            $"A smaller learning rate than {Options.LearningRateOf(epoch):G3} may help; the last checkpoint is as it was.");
    }

    /// <summary>What came of a batch.</summary>
    internal sealed record StepResult(double Loss, (string Name, double Value)[] Parts, double GradientNorm);

    private sealed class EpochSums
    {
        private readonly Dictionary<string, double> parts = [];
        private double loss;

        public int Pictures { get; private set; }

        public int Batches { get; private set; }

        public double LargestGradient { get; private set; }

        public double Loss => loss / Pictures;

        public IReadOnlyDictionary<string, double> Parts => parts.ToDictionary(p => p.Key, p => p.Value / Pictures);

        public void Add(int pictures, StepResult result)
        {
            Pictures += pictures;
            Batches++;
            loss += pictures * result.Loss;
            LargestGradient = Math.Max(LargestGradient, result.GradientNorm);
            foreach ((string name, double value) in result.Parts)
            {
                parts[name] = parts.GetValueOrDefault(name) + (pictures * value);
            }
        }
    }
}
