using System.Globalization;
using Dpfah.Learning.Datasets;
using Dpfah.Learning.Training;

namespace Dpfah.Learning.Reproduction;

/// <summary>The head of a whole report: what was run, on what, and how far it is.</summary>
internal static class Introduction
{
    public static void Write(Report report)
    {
        ReproductionOptions options = report.Plan.Options;
        TrainingOptions training = options.Training;
        SplitManifest manifest = report.Reproducer.Manifest;
        IReadOnlyList<Cell> cells = report.Plan.All();
        PictureOverlap.WriteDigests(Path.Combine(manifest.Folder, "train-pixels.txt"), manifest.OpenTraining().Pictures);
        int done = cells.Count(cell => report.Reproducer.Of(cell).IsDone);
        report.Title($"The paper's experiments on {options.Dataset}");
        report.Paragraph(
            "Yang, Wang, Cheng, \"Deep parameter-free attention hashing for image retrieval\", Sci Rep 12:7082 (2022), repeated by " +
            $"`dpfah reproduce all --dataset {options.Dataset}`: {done} of {cells.Count} cells are there; a cell that is not stands as *missing*.");
        string augmentation = training.Augmentation == Augmentation.None ? "none" : "random crop and mirror";
        var table = new MarkdownTable("condition", "");
        table.Add("split", $"{manifest.Counts}; {manifest.Protocol}; seed {manifest.Seed}; digest {manifest.Digest[..16]}");
        table.Add("network", $"ResNet18 from ImageNet weights, all layers trained, input {training.ImageSide} x {training.ImageSide} pixels, augmentation: {augmentation}");
        table.Add("optimizer", string.Create(CultureInfo.InvariantCulture, $"RMSProp, rate {training.LearningRate}{(training.LearningRateStep == 0 ? "" : $" and a tenth of it after each {training.LearningRateStep} epochs")}, weight decay {training.WeightDecay}, batch {training.BatchSize}, {training.Epochs} epochs, the last one counts"));
        table.Add("methods", "each with the defaults of its published implementation; schedules in epochs are scaled to this number of epochs");
        table.Add("codes", "float32 on the CPU, the same arithmetic as in the service");
        table.Add("training pictures", "SHA-256 of the pixels of each in split/train-pixels.txt, so that anyone can check what is not among them");
        table.Add("choices", $"made on {options.HoldOut} pictures of each class held out of the training split; the trainer cannot open the queries");
        table.Add("query split opened", $"{manifest.QueryReads} times, each with its purpose in split/{SplitManifest.QueryLogFile}");
        report.Table("conditions", table);
    }
}
