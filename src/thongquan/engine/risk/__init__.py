"""Selection: criteria and a random share give a channel, with every reason kept."""
