using Dpfah.Core.Models;
using Dpfah.Learning.Encoders;
using Dpfah.Learning.Models;
using Dpfah.Learning.Networks;

namespace Dpfah.Learning.Training;

/// <summary>A model whose weights a training starts from, or whose backbone a hash layer is fitted behind.</summary>
public sealed class ParentModel
{
    private ParentModel(string backbonePath, ModelHead head, string digest)
    {
        BackbonePath = backbonePath;
        Head = head;
        Digest = digest;
    }

    /// <summary>Its backbone.</summary>
    public string BackbonePath { get; }

    /// <summary>Its head.</summary>
    public ModelHead Head { get; }

    /// <summary>Digest of the whole model.</summary>
    public string Digest { get; }

    /// <summary>The attention of its network.</summary>
    public AttentionOptions Attention => Head.Description.Backbone.Attention ? AttentionOptions.Paper : AttentionOptions.None;

    /// <summary>Opens a model.</summary>
    /// <param name="folder">Folder of the model, as <see cref="TrainedModel.Files"/> names its files.</param>
    /// <exception cref="FileNotFoundException">There is no model.</exception>
    /// <exception cref="InvalidDataException">A file is damaged, or it is of a network that cannot be trained here.</exception>
    public static ParentModel Open(string folder)
    {
        ModelFiles files = TrainedModel.Files(folder);
        foreach (string path in new[] { files.HeadPath, files.BackbonePath })
        {
            if (!File.Exists(path))
            {
                throw new FileNotFoundException($"'{path}' is missing: '{folder}' is not the folder of a model.", path);
            }
        }

        ModelHead head = ModelHead.Read(files.HeadPath);
        ModelDescription description = head.Description;
        if (description.Backbone.Architecture != ResNet18.Architecture)
        {
            throw new InvalidDataException($"The model '{description.Name}' has the backbone '{description.Backbone.Architecture}'; trainings start from {ResNet18.Architecture}.");
        }

        string digest = BackboneFile.Digest(files.BackbonePath);
        if (digest != description.Backbone.Digest)
        {
            throw new InvalidDataException($"The backbone of the model '{description.Name}' has the digest {digest}; its description names {description.Backbone.Digest}.");
        }

        Preprocessing input = ImageNetBackbone.Preprocessing;
        if (!description.Preprocessing.Mean.SequenceEqual(input.Mean) || !description.Preprocessing.Std.SequenceEqual(input.Std))
        {
            throw new InvalidDataException($"The model '{description.Name}' normalises pictures in another way than trainings do: it cannot be gone on from.");
        }

        return new ParentModel(files.BackbonePath, head, description.DigestWith(BackboneFile.Digest(files.HeadPath)));
    }
}
