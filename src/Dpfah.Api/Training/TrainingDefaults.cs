using System.Text.Json;
using Dpfah.Api.Hosting;
using Dpfah.Core.Models;
using Dpfah.Core.Training;
using Dpfah.Engine.Training;
using Dpfah.Learning.Datasets;
using Dpfah.Learning.Losses;
using Dpfah.Learning.Training;

namespace Dpfah.Api.Training;

/// <summary>Fills in what a training leaves out, and checks it by what the methods and data sets say of themselves.</summary>
/// <param name="options">The service's settings.</param>
internal sealed class TrainingDefaults(ServiceOptions options)
{
    private static readonly string[] Methods = [.. HashingMethod.All.Select(m => m.Name), .. UnsupervisedModel.Methods];

    /// <summary>The whole training.</summary>
    /// <param name="body">What was asked for; it names a model and a source.</param>
    /// <param name="parent">The model to start from; null for none.</param>
    /// <exception cref="TrainingRefusedException">Something is not known or out of range.</exception>
    public TrainingRequest Complete(TrainingJobRequest body, ModelDescription? parent)
    {
        string method = body.Method ?? new TrainingOptions().Method;
        if (!Methods.Contains(method))
        {
            throw new TrainingRefusedException("method-not-found", $"There is no method '{method}'. There are: {string.Join(", ", Methods)}.");
        }

        bool learns = !UnsupervisedModel.Methods.Contains(method);
        if (!learns && body.HyperParameters is { Count: > 0 })
        {
            throw new TrainingRefusedException("bad-training", $"'hyperParameters' are options of a loss; {method} has none.");
        }

        if (!learns && body.Source!.UseFeedback == true)
        {
            throw new TrainingRefusedException("bad-training", $"'useFeedback' gives pictures labels; {method} learns from none.");
        }

        TrainingOptions training = Options(body, method, learns, parent);
        return new TrainingRequest
        {
            Name = body.Name!,
            Source = Source(body.Source!),
            Parent = body.Parent,
            Method = method,
            NeedsLabels = learns,
            Bits = training.Bits,
            Epochs = training.Epochs,
            ImageSide = training.ImageSide,
            BatchSize = training.BatchSize,
            LearningRate = training.LearningRate,
            LearningRateStep = training.LearningRateStep,
            WeightDecay = training.WeightDecay,
            Augmentation = JsonNamingPolicy.CamelCase.ConvertName(training.Augmentation.ToString()),
            Backbone = training.Backbone,
            Weights = training.Weights,
            ValidateEvery = training.ValidateEvery,
            Seed = training.Seed,
            Threads = training.Threads,
            Device = training.Device,
            Split = SplitOf(body),
            HyperParameters = learns ? HashingMethod.Named(method).Complete(training.Loss) : [],
        };
    }

    private TrainingOptions Options(TrainingJobRequest body, string method, bool learns, ModelDescription? parent)
    {
        var defaults = new TrainingOptions();
        int side = parent is not null && (!learns || !UnsupervisedModel.Methods.Contains(parent.Method)) ? parent.Preprocessing.Crop
            : learns ? defaults.ImageSide : UnsupervisedModel.DefaultSide;
        int epochs = learns ? body.Epochs ?? defaults.Epochs : 1;
        var training = new TrainingOptions
        {
            Method = learns ? method : defaults.Method,
            Loss = learns ? body.HyperParameters?.DeepClone().AsObject() ?? [] : [],
            Bits = body.Bits ?? parent?.Bits ?? defaults.Bits,
            Epochs = epochs,
            ImageSide = body.ImageSide ?? side,
            BatchSize = body.BatchSize ?? defaults.BatchSize,
            LearningRate = body.LearningRate ?? defaults.LearningRate,
            LearningRateStep = body.LearningRateStep ?? defaults.LearningRateStep,
            WeightDecay = body.WeightDecay ?? defaults.WeightDecay,
            Augmentation = body.Augmentation switch
            {
                null or "none" => Augmentation.None,
                "cropAndFlip" => Augmentation.CropAndFlip,
                _ => throw new TrainingRefusedException("bad-training", $"'augmentation' is none or cropAndFlip; it was '{body.Augmentation}'."),
            },
            Backbone = body.Backbone ?? defaults.Backbone,
            Weights = body.Weights ?? defaults.Weights,
            ValidateEvery = body.ValidateEvery ?? Math.Max(1, epochs / 10),
            Seed = body.Seed ?? defaults.Seed,
            Threads = body.Threads ?? (options.TrainingThreads > 0 ? options.TrainingThreads : Math.Max(1, Environment.ProcessorCount - 1)),
            Device = options.Device,
        };
        if (training.Backbone != "resnet18" || training.Weights is not ("imagenet" or "random"))
        {
            throw new TrainingRefusedException(
                "bad-training", $"'backbone' is resnet18 and 'weights' is imagenet or random; they were '{training.Backbone}' and '{training.Weights}'.");
        }

        try
        {
            training.ThrowIfInvalid();
            return training;
        }
        catch (ArgumentException error)
        {
            string name = error.ParamName is null ? "" : $" (Parameter '{error.ParamName}')";
            throw new TrainingRefusedException("bad-training", name.Length == 0 ? error.Message : error.Message.Replace(name, "", StringComparison.Ordinal));
        }
    }

    private TrainingSource Source(TrainingSourceRequest source)
    {
        if (source.Collection is null == source.Dataset is null)
        {
            throw new TrainingRefusedException("bad-source", "'source' names a collection or a data set, one of them: {\"collection\": \"shop\"} or {\"dataset\": \"fashion-mnist\"}.");
        }

        if (source.Collection is not null)
        {
            return source.Path is null
                ? new TrainingSource { Collection = source.Collection, Labels = source.Labels, Filter = source.Filter, UseFeedback = source.UseFeedback ?? false }
                : throw new TrainingRefusedException("bad-source", "'path' is the folder of a data set; a collection has none.");
        }

        if (source.Labels is not null || source.Filter is not null || source.UseFeedback is not null)
        {
            throw new TrainingRefusedException("bad-source", "'labels', 'filter' and 'useFeedback' are about the pictures of a collection; a data set is trained on as it is.");
        }

        return new TrainingSource { Dataset = source.Dataset, Path = PathOf(source.Path) };
    }

    /// <summary>The folder of a data set: below that of the setting, and nowhere else.</summary>
    private string? PathOf(string? path)
    {
        if (path is null)
        {
            return null;
        }

        string root = Path.GetFullPath(options.DatasetFolder is { Length: > 0 } folder ? folder : Path.Combine(options.DataFolder, "datasets"));
        string full = Path.GetFullPath(Path.Combine(root, path));
        return full.StartsWith(root + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            ? full
            : throw new TrainingRefusedException("bad-source", $"'path' is a folder below the setting Dpfah:DatasetFolder; '{path}' leads out of it.");
    }

    private static TrainingSplit SplitOf(TrainingJobRequest body)
    {
        TrainingSplitRequest asked = body.Split ?? new TrainingSplitRequest(null, null, null, null, null, null, null);
        if (body.Source!.Collection is not null)
        {
            var shares = new SplitShares();
            return asked is { QueriesPerClass: null, TrainPerClass: null, DatabaseIncludesTrain: null }
                ? new TrainingSplit
                {
                    Query = asked.Query ?? shares.Query,
                    Database = asked.Database ?? shares.Database,
                    Validation = asked.Validation ?? shares.Validation,
                    Seed = asked.Seed ?? Split.DefaultSeed,
                }
                : throw new TrainingRefusedException("bad-split", "A collection is split by the shares 'query', 'database' and 'validation'; counts of each class are of a data set.");
        }

        if (asked is not { Query: null, Database: null, Validation: null })
        {
            throw new TrainingRefusedException("bad-split", "A data set is split by 'queriesPerClass' and 'trainPerClass'; shares are of a collection.");
        }

        DatasetEntry entry = EntryOf(body.Source.Dataset!);
        if (asked == new TrainingSplitRequest(null, null, null, null, null, null, null))
        {
            return new TrainingSplit();
        }

        SplitRule rule = entry.Protocol.Rule;
        return new TrainingSplit
        {
            QueriesPerClass = asked.QueriesPerClass ?? rule.QueriesPerClass,
            TrainPerClass = asked.TrainPerClass ?? rule.TrainPerClass,
            DatabaseIncludesTrain = asked.DatabaseIncludesTrain ?? rule.DatabaseIncludesTrain,
            Seed = asked.Seed ?? rule.Seed,
        };
    }

    /// <summary>Refuses a data set that is missing or damaged, or from which nothing can be learned. Reads it.</summary>
    /// <param name="request">A training on a data set.</param>
    /// <exception cref="TrainingRefusedException">The sentence says what is wrong.</exception>
    public static void CheckDataset(TrainingRequest request)
    {
        try
        {
            DatasetEntry entry = EntryOf(request.Source.Dataset!);
            LoadedDataset loaded = entry.Load(request.Source.Path);
            Split split = entry.MakeSplit(loaded, request.Split.Seed is { } seed
                ? new SplitRule
                {
                    QueriesPerClass = request.Split.QueriesPerClass!.Value,
                    TrainPerClass = request.Split.TrainPerClass!.Value,
                    DatabaseIncludesTrain = request.Split.DatabaseIncludesTrain!.Value,
                    Seed = seed,
                }
                : null);
            if (request.NeedsLabels && loaded.Dataset.ClassNames.Count < 2)
            {
                throw new TrainingRefusedException("one-class", $"The data set has one class: there is nothing to tell apart. {request.Method} needs at least two.");
            }

            int least = request.NeedsLabels ? 2 : request.Bits + 1;
            if (split.Train.Count < least)
            {
                throw new TrainingRefusedException("too-few-pictures", $"The split leaves {split.Train.Count} pictures to train on; {request.Method} needs at least {least}.");
            }
        }
        catch (Exception error) when (error is IOException or InvalidDataException or ArgumentException or UnauthorizedAccessException)
        {
            throw new TrainingRefusedException("bad-dataset", error.Message);
        }
    }

    private static DatasetEntry EntryOf(string name) =>
        DatasetCatalogue.All.FirstOrDefault(entry => entry.Name == name && name != CollectionFolder.Name)
        ?? throw new TrainingRefusedException(
            "dataset-not-found", $"There is no data set '{name}'. There are: {string.Join(", ", DatasetCatalogue.All.Select(entry => entry.Name).Where(n => n != CollectionFolder.Name))}.");
}
